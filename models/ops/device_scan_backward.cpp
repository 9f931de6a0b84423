// SPDX-License-Identifier: Apache-2.0
// The backward pass: formulas as in models/ops/selective_scan_backward.cpp.
#include "models/ops/device_scan_parts.h"

namespace pluvia::PLUVIA_BACKEND {
namespace {

constexpr int kChunk = ops::kDeviceScanChunk;

/// What a chunk leaves of a state's gradient that was zero after it, and its sum of dt. What every
/// state of the channel needs of a token, dt, dt x and g, waits for sum_over_channels() in the room
/// of the gradients of step, x and gate.
template <typename T>
PLUVIA_FUNCTION void run_back_from_zero(const ops::DeviceScanBackward<T>& scan,
                                        std::int64_t index) {
  const ScanPiece<T> piece(scan.in, index);
  T sum = 0;
  for (int first = 0; first < scan.in.states; first += kStateGroup) {
    const StateGroup<T> group(piece, first);
    T d[kStateGroup] = {};
    sum = 0;
    for (int l = piece.count() - 1; l >= 0; --l) {
      const std::int64_t row = piece.row(l);
      const std::int64_t at = row * scan.in.channels + piece.channel;
      const T dt = ops::softplus(piece.raw_step(row));
      const T g = scan.out_gradient[at] * ops::silu(scan.in.gate.row(row)[piece.channel]);
      T c[kStateGroup];
      group.load_row(scan.in.c.row(row), c);
      for (int k = 0; k < kStateGroup; ++k) {
        d[k] = ops::exp2_of(dt * group.rate[k]) * (d[k] + g * c[k]);
      }
      scan.to.step[at] = dt;
      scan.to.x[at] = dt * piece.x(row);
      scan.to.gate[at] = g;
      sum += dt;
    }
    group.store(piece, d, scan.state_gradients);
  }
  scan.step_sums[index] = sum;
}

/// One state of one chunk: a block of channels' share of the gradients of b and c. `index` is
/// ((batch * chunks + chunk) * blocks + block) * states + state.
template <typename T>
PLUVIA_FUNCTION void sum_over_channels(const ops::DeviceScanBackward<T>& scan, std::int64_t index) {
  const ops::ScanInput<T>& in = scan.in;
  const std::int64_t blocks = ops::lane_blocks(in.channels);
  const std::int64_t state = index % in.states;
  const std::int64_t block = index / in.states % blocks;
  const std::int64_t chunk = index / in.states / blocks;
  const std::int64_t first = chunk * in.channels + block * ops::kLanes;
  const ScanPiece<T> any(in, first);
  T to_b[kChunk] = {};
  T to_c[kChunk] = {};
  for (int lane = 0; lane < ops::lanes_in(in.channels, block); ++lane) {
    const ScanPiece<T> piece(in, first + lane);
    const T rate = decay_rate(in, piece.channel, state);
    T decay[kChunk];
    T h = scan.states[piece.state_at(state)];
    for (int l = 0; l < piece.count(); ++l) {
      const std::int64_t row = piece.row(l);
      const std::int64_t at = row * in.channels + piece.channel;
      decay[l] = ops::exp2_of(scan.to.step[at] * rate);
      h = decay[l] * h + scan.to.x[at] * in.b.row(row)[state];
      to_c[l] += scan.to.gate[at] * h;
    }
    T d = scan.state_gradients[piece.state_at(state)];
    for (int l = piece.count() - 1; l >= 0; --l) {
      const std::int64_t row = piece.row(l);
      const std::int64_t at = row * in.channels + piece.channel;
      const T now = d + scan.to.gate[at] * in.c.row(row)[state];
      to_b[l] += now * scan.to.x[at];
      d = decay[l] * now;
    }
  }
  for (int l = 0; l < any.count(); ++l) {
    T* const to =
        scan.to.partial + ((block * in.batch * in.tokens + any.row(l)) * 2) * in.states + state;
    to[0] = to_b[l];
    to[in.states] = to_c[l];
  }
}

/// One state of one token: blocks' shares of the gradients of b and c, in the order of blocks.
template <typename T>
PLUVIA_FUNCTION void add_blocks(const ops::DeviceScanBackward<T>& scan, std::int64_t index) {
  const std::int64_t states = scan.in.states;
  const std::int64_t rows = scan.in.batch * scan.in.tokens;
  const T* from = scan.to.partial + index / states * 2 * states + index % states;
  T sum_b = 0;
  T sum_c = 0;
  for (std::int64_t k = 0; k < ops::lane_blocks(scan.in.channels); ++k) {
    sum_b += from[k * rows * 2 * states];
    sum_c += from[k * rows * 2 * states + states];
  }
  scan.to.b[index] = sum_b;
  scan.to.c[index] = sum_c;
}

/// A group's states before each of a chunk's tokens and after the last, and the tokens' dt.
template <typename T>
struct ChunkStates {
  T h[kChunk + 1][kStateGroup];
  T dt[kChunk];

  PLUVIA_MEMBER ChunkStates(const ScanPiece<T>& piece, const StateGroup<T>& group,
                            const T* states) {
    group.load(piece, states, h[0]);
    for (int l = 0; l < piece.count(); ++l) {
      const std::int64_t row = piece.row(l);
      T b[kStateGroup];
      group.load_row(piece.in.b.row(row), b);
      dt[l] = ops::softplus(piece.raw_step(row));
      group.advance(dt[l], dt[l] * piece.x(row), b, h[l], h[l + 1]);
    }
  }
};

/// A group's gradients on their way from a chunk's last token to its first, and what one token
/// gives of sums over states. Apart from ChunkStates, whose index varies, so that it stays in
/// registers.
template <typename T>
struct GroupBack {
  T d[kStateGroup];
  T to_a[kStateGroup] = {};
  T y = 0, to_dt = 0, to_dtx = 0;

  /// `g` is the gradient of the token's ungated y.
  PLUVIA_MEMBER void pass(const ScanPiece<T>& piece, const StateGroup<T>& group,
                          const ChunkStates<T>& chunk, int l, T g) {
    constexpr T kLn2 = static_cast<T>(0.69314718055994530942);
    const T dt = chunk.dt[l];
    T b[kStateGroup];
    T c[kStateGroup];
    group.load_row(piece.in.b.row(piece.row(l)), b);
    group.load_row(piece.in.c.row(piece.row(l)), c);
    y = to_dt = to_dtx = 0;
    for (int k = 0; k < kStateGroup; ++k) {
      const T now = d[k] + g * c[k];
      d[k] = ops::exp2_of(dt * group.rate[k]) * now;
      const T through = d[k] * chunk.h[l][k];
      to_a[k] += through * dt;
      to_dt += through * (group.rate[k] * kLn2);
      to_dtx += now * b[k];
      y += chunk.h[l + 1][k] * c[k];
    }
  }
};

/// All gradients of one chunk of one channel that are sums over states. Groups of states add to
/// them in turn. Sums over the chunk's tokens take the room of what led here.
template <typename T>
PLUVIA_FUNCTION void sum_over_states(const ops::DeviceScanBackward<T>& scan, std::int64_t index) {
  const ScanPiece<T> piece(scan.in, index);
  const T skip = scan.in.skip[piece.channel];
  T to_skip = 0;
  T to_bias = 0;
  for (int first = 0; first < scan.in.states; first += kStateGroup) {
    const StateGroup<T> group(piece, first);
    const ChunkStates<T> chunk(piece, group, scan.states);
    GroupBack<T> back;
    group.load(piece, scan.state_gradients, back.d);
    const bool begins = first == 0;
    for (int l = piece.count() - 1; l >= 0; --l) {
      const std::int64_t row = piece.row(l);
      const std::int64_t at = row * scan.in.channels + piece.channel;
      const T x = piece.x(row);
      const T raw = piece.raw_step(row);
      const T gate = scan.in.gate.row(row)[piece.channel];
      const T open = ops::logistic(gate);
      const T from = scan.out_gradient[at];
      const T g = from * (gate * open);
      back.pass(piece, group, chunk, l, g);
      const T y = begins ? back.y + skip * x : back.y;
      const T to_x = back.to_dtx * chunk.dt[l] + (begins ? g * skip : T{0});
      const T to_dt = back.to_dt + back.to_dtx * x;
      const T to_step = raw > T{ops::kSoftplusLimit} ? to_dt : to_dt * ops::logistic(raw);
      const T to_gate = from * y * ops::silu_slope(gate, open);
      scan.to.x[at] = begins ? to_x : scan.to.x[at] + to_x;
      scan.to.step[at] = begins ? to_step : scan.to.step[at] + to_step;
      scan.to.gate[at] = begins ? to_gate : scan.to.gate[at] + to_gate;
      to_skip += begins ? g * x : T{0};
      to_bias += to_step;
    }
    group.store(piece, back.to_a, scan.state_gradients);
  }
  scan.skip_sums[index] = to_skip;
  scan.step_sums[index] = to_bias;
}

/// One state of one channel of one sequence: chunks' shares of the gradients of the parameters, in
/// the order of chunks. `index` is (batch * states + state) * channels + channel.
template <typename T>
PLUVIA_FUNCTION void add_chunks(const ops::DeviceScanBackward<T>& scan, std::int64_t index) {
  constexpr T kLn2 = static_cast<T>(0.69314718055994530942);
  const ops::ScanInput<T>& in = scan.in;
  const std::int64_t chunks = ops::device_scan_chunks(in.tokens);
  const std::int64_t channel = index % in.channels;
  const std::int64_t state = index / in.channels % in.states;
  const std::int64_t batch = index / in.channels / in.states;
  const std::int64_t to = batch * in.channels + channel;
  T a = 0;
  T skip = 0;
  T bias = 0;
  for (std::int64_t chunk = batch * chunks; chunk < (batch + 1) * chunks; ++chunk) {
    a += scan.state_gradients[(chunk * in.states + state) * in.channels + channel];
    skip += scan.skip_sums[chunk * in.channels + channel];
    bias += scan.step_sums[chunk * in.channels + channel];
  }
  scan.to.a_log[to * in.states + state] = a * (decay_rate(in, channel, state) * kLn2);
  if (state > 0) return;
  scan.to.skip[to] = skip;
  scan.to.step_bias[to] = bias;
}

template <typename T>
void run_back(const ops::DeviceScanBackward<T>& args) {
  const ops::DeviceScanBackward<T> scan = args;
  const ops::ScanInput<T>& in = args.in;
  const std::int64_t chunks = in.batch * ops::device_scan_chunks(in.tokens);
  const std::int64_t pieces = chunks * in.channels;
  const std::int64_t carries = in.batch * in.states * in.channels;
  for_each(
      pieces, PLUVIA_LAMBDA(std::int64_t i) { run_back_from_zero(scan, i); }, 64);
  for_each(
      carries,
      PLUVIA_LAMBDA(std::int64_t i) {
        carry_through_chunks(scan.in, scan.step_sums, true, i, scan.state_gradients);
      },
      64);
  for_each(
      chunks * ops::lane_blocks(in.channels) * in.states,
      PLUVIA_LAMBDA(std::int64_t i) { sum_over_channels(scan, i); }, 64);
  for_each(
      in.batch * in.tokens * in.states, PLUVIA_LAMBDA(std::int64_t i) { add_blocks(scan, i); },
      1024);
  for_each(
      pieces, PLUVIA_LAMBDA(std::int64_t i) { sum_over_states(scan, i); }, 64);
  for_each(
      carries, PLUVIA_LAMBDA(std::int64_t i) { add_chunks(scan, i); }, 64);
}

}  // namespace

void device_scan_backward(const ops::DeviceScanBackward<float>& args) { run_back(args); }
void device_scan_backward(const ops::DeviceScanBackward<double>& args) { run_back(args); }

}  // namespace pluvia::PLUVIA_BACKEND
