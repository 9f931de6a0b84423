// SPDX-License-Identifier: Apache-2.0
#include "models/ops/device_scan.h"

#include "models/ops/device_scan_parts.h"

namespace pluvia::PLUVIA_BACKEND {
namespace {

/// What a chunk leaves of a state that was zero before it, and its sum of dt.
template <typename T>
PLUVIA_FUNCTION void run_from_zero(const ops::DeviceScan<T>& scan, std::int64_t index) {
  const ScanPiece<T> piece(scan.in, index);
  T sum = 0;
  for (int first = 0; first < scan.in.states; first += kStateGroup) {
    const StateGroup<T> group(piece, first);
    T h[kStateGroup] = {};
    sum = 0;
    for (int l = 0; l < piece.count(); ++l) {
      const std::int64_t row = piece.row(l);
      const T dt = ops::softplus(piece.raw_step(row));
      T b[kStateGroup];
      group.load_row(scan.in.b.row(row), b);
      group.advance(dt, dt * piece.x(row), b, h, h);
      sum += dt;
    }
    group.store(piece, h, scan.states);
  }
  scan.step_sums[index] = sum;
}

/// A chunk's output. Groups of states add to it in turn; the last one closes the gate.
template <typename T>
PLUVIA_FUNCTION void run_from_state(const ops::DeviceScan<T>& scan, std::int64_t index) {
  const ScanPiece<T> piece(scan.in, index);
  const T skip = scan.in.skip[piece.channel];
  for (int first = 0; first < scan.in.states; first += kStateGroup) {
    const StateGroup<T> group(piece, first);
    T h[kStateGroup];
    group.load(piece, scan.states, h);
    for (int l = 0; l < piece.count(); ++l) {
      const std::int64_t row = piece.row(l);
      const T x = piece.x(row);
      const T dt = ops::softplus(piece.raw_step(row));
      T b[kStateGroup];
      T c[kStateGroup];
      group.load_row(scan.in.b.row(row), b);
      group.load_row(scan.in.c.row(row), c);
      group.advance(dt, dt * x, b, h, h);
      T* const out = scan.out + row * scan.in.channels + piece.channel;
      T y = first == 0 ? skip * x : *out;
      for (int k = 0; k < kStateGroup; ++k) y += h[k] * c[k];
      const bool last = first + kStateGroup >= scan.in.states;
      *out = last ? y * ops::silu(scan.in.gate.row(row)[piece.channel]) : y;
    }
  }
}

template <typename T>
void run(const ops::DeviceScan<T>& args) {
  const ops::DeviceScan<T> scan = args;
  const std::int64_t pieces =
      scan.in.batch * ops::device_scan_chunks(scan.in.tokens) * scan.in.channels;
  const std::int64_t carries = scan.in.batch * scan.in.states * scan.in.channels;
  for_each(
      pieces, PLUVIA_LAMBDA(std::int64_t i) { run_from_zero(scan, i); }, 64);
  for_each(
      carries,
      PLUVIA_LAMBDA(std::int64_t i) {
        carry_through_chunks(scan.in, scan.step_sums, false, i, scan.states);
      },
      64);
  for_each(
      pieces, PLUVIA_LAMBDA(std::int64_t i) { run_from_state(scan, i); }, 64);
}

}  // namespace

void device_scan(const ops::DeviceScan<float>& args) { run(args); }
void device_scan(const ops::DeviceScan<double>& args) { run(args); }

}  // namespace pluvia::PLUVIA_BACKEND
