// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/hdf5.h"

#include <unistd.h>

#include <array>
#include <cstring>

#include "core/error.h"
#include "core/text.h"
#include "datasets/store/crash_guard.h"

namespace pluvia::h5 {
namespace {

constexpr std::size_t kTextLimit = 64U << 20;

void initialise() {
  // After a failed write (full disk) the library's exit handler would try, and complain, again.
  H5dont_atexit();
  H5open();
  H5PLset_loading_state(0);  // never load native code because a file names a filter
  install_crash_handler();
}

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  static std::once_flag once;
  std::call_once(once, initialise);
  return mutex;
}

// Where the system refused, its words; around them the library has times, addresses and counts.
std::string without_details(const std::string& reason) {
  constexpr std::string_view kBefore = "error message = '";
  const std::size_t at = reason.find(kBefore);
  if (at == std::string::npos) return reason;
  const std::size_t begin = at + kBefore.size();
  return reason.substr(begin, reason.find('\'', begin) - begin);
}

// The innermost entry of the error stack says what really happened.
std::string library_reason() {
  std::string reason;
  const auto visit = [](unsigned, const H5E_error2_t* entry, void* data) -> herr_t {
    if (entry->desc != nullptr) *static_cast<std::string*>(data) = entry->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, visit, &reason);
  H5Eclear2(H5E_DEFAULT);
  return reason.empty() ? "the HDF5 library gave no reason" : without_details(reason);
}

}  // namespace

Lock::Lock(const std::string& file) : lock_(library_mutex()), outer_file_(file_being_read()) {
  // Builds with thread support (Debian's) keep one error stack, and its printing, for each thread.
  thread_local const bool quiet = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  static_cast<void>(quiet);
  set_file_being_read(file.c_str());
}

Lock::~Lock() { set_file_being_read(outer_file_); }

void Handle::reset() noexcept {
  if (!valid()) return;
  const std::scoped_lock lock(library_mutex());
  const hid_t id = std::exchange(id_, -1);
  switch (H5Iget_type(id)) {
    case H5I_FILE:
      H5Fclose(id);
      break;
    case H5I_GROUP:
      H5Gclose(id);
      break;
    case H5I_DATASET:
      H5Dclose(id);
      break;
    case H5I_DATATYPE:
      H5Tclose(id);
      break;
    case H5I_DATASPACE:
      H5Sclose(id);
      break;
    case H5I_ATTR:
      H5Aclose(id);
      break;
    case H5I_GENPROP_LST:
      H5Pclose(id);
      break;
    default:
      H5Idec_ref(id);
      break;
  }
  H5Eclear2(H5E_DEFAULT);
}

void check(long long status, const std::string& what) {
  if (status < 0) fail(what, ": ", library_reason());
}

Handle own(hid_t id, const std::string& what) {
  check(id, what);
  return Handle(id);
}

namespace {

Handle file_access() {
  Handle access = own(H5Pcreate(H5P_FILE_ACCESS), "making file settings");
  check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V110),
        "setting file versions");
  check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), "setting the close mode");
  return access;
}

}  // namespace

Handle create_file(const std::string& path) {
  const Handle create = own(H5Pcreate(H5P_FILE_CREATE), "making file settings");
  check(H5Pset_obj_track_times(create.get(), false), "turning time stamps off");
  const Handle access = file_access();
  return own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, create.get(), access.get()),
             "creating " + path);
}

Handle open_file(const std::string& path) {
  const Handle access = file_access();
  return own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), "opening as HDF5");
}

void close_file(Handle file, const std::string& path) {
  check(H5Fflush(file.get(), H5F_SCOPE_LOCAL), "writing " + path);
  file.reset();
}

LinkKind link_kind(hid_t parent, const std::string& name) {
  const htri_t exists = H5Lexists(parent, name.c_str(), H5P_DEFAULT);
  check(exists, "looking for '" + name + "'");
  if (exists == 0) return LinkKind::kAbsent;
  H5L_info_t info;
  check(H5Lget_info(parent, name.c_str(), &info, H5P_DEFAULT), "looking at '" + name + "'");
  if (info.type == H5L_TYPE_HARD) return LinkKind::kHard;
  return info.type == H5L_TYPE_EXTERNAL ? LinkKind::kExternal : LinkKind::kOther;
}

namespace {

void require_hard_link(hid_t parent, const std::string& name, H5O_type_t wanted) {
  switch (link_kind(parent, name)) {
    case LinkKind::kAbsent:
      fail("'", name, "' is missing");
    case LinkKind::kHard:
      break;
    default:
      fail("'", name,
           "' is a soft or external link, which is not followed; expected the object itself");
  }
  H5O_info_t info;
  check(H5Oget_info_by_name2(parent, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT),
        "looking at '" + name + "'");
  if (info.type != wanted) {
    fail("'", name, "' is not a ", wanted == H5O_TYPE_GROUP ? "group" : "data set");
  }
}

}  // namespace

Handle create_group(hid_t parent, const std::string& name) {
  const Handle create = own(H5Pcreate(H5P_GROUP_CREATE), "making group settings");
  check(H5Pset_obj_track_times(create.get(), false), "turning time stamps off");
  return own(H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, create.get(), H5P_DEFAULT),
             "creating group '" + name + "'");
}

Handle open_group(hid_t parent, const std::string& name) {
  require_hard_link(parent, name, H5O_TYPE_GROUP);
  return own(H5Gopen2(parent, name.c_str(), H5P_DEFAULT), "opening group '" + name + "'");
}

Handle open_dataset(hid_t parent, const std::string& name) {
  require_hard_link(parent, name, H5O_TYPE_DATASET);
  Handle dataset = own(H5Dopen2(parent, name.c_str(), H5P_DEFAULT), "opening '" + name + "'");
  const Handle create =
      own(H5Dget_create_plist(dataset.get()), "reading the layout of '" + name + "'");
  if (H5Pget_external_count(create.get()) != 0) {
    fail("'", name, "' keeps its data in other files, which are not read");
  }
  const H5D_layout_t layout = H5Pget_layout(create.get());
  if (layout != H5D_CHUNKED && layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) {
    fail("'", name, "' is a virtual data set, which is not followed");
  }
  const int filters = H5Pget_nfilters(create.get());
  check(filters, "reading the filters of '" + name + "'");
  for (unsigned i = 0; i < static_cast<unsigned>(filters); ++i) {
    unsigned flags = 0;
    std::array<char, 64> title{};
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(create.get(), i, &flags, &values, nullptr,
                                               title.size() - 1, title.data(), nullptr);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
        filter != H5Z_FILTER_FLETCHER32) {
      fail("'", name, "' uses filter ", filter, " (", title.data(),
           "), which this program does not know; "
           "expected none, gzip, shuffle or fletcher32");
    }
  }
  return dataset;
}

ExternalTarget external_target(hid_t parent, const std::string& name) {
  H5L_info_t info;
  check(H5Lget_info(parent, name.c_str(), &info, H5P_DEFAULT), "looking at '" + name + "'");
  if (info.type != H5L_TYPE_EXTERNAL || info.u.val_size > 65536)
    fail("'", name, "' is not a usable link");
  std::vector<char> value(info.u.val_size + 1, '\0');
  check(H5Lget_val(parent, name.c_str(), value.data(), info.u.val_size, H5P_DEFAULT),
        "reading link '" + name + "'");
  unsigned flags = 0;
  const char* file = nullptr;
  const char* object = nullptr;
  check(H5Lunpack_elink_val(value.data(), info.u.val_size, &flags, &file, &object),
        "reading link '" + name + "'");
  return {file, object};
}

std::vector<std::string> link_names(hid_t group, std::size_t limit) {
  struct Collected {
    std::vector<std::string> names;
    std::size_t limit;
    bool full = false;
  } collected{{}, limit};
  const auto visit = [](hid_t, const char* name, const H5L_info_t*, void* data) -> herr_t {
    auto* into = static_cast<Collected*>(data);
    into->full = into->names.size() >= into->limit;
    if (into->full) return 1;
    into->names.emplace_back(name);
    return 0;
  };
  hsize_t index = 0;
  check(H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &index, visit, &collected),
        "listing a group");
  if (collected.full) fail("more than ", limit, " entries in one group");
  return std::move(collected.names);
}

namespace {

void write_scalar(hid_t object, const std::string& name, hid_t type, const void* value) {
  const Handle space = own(H5Screate(H5S_SCALAR), "making a scalar");
  const Handle attribute =
      own(H5Acreate2(object, name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
          "creating attribute '" + name + "'");
  check(H5Awrite(attribute.get(), type, value), "writing attribute '" + name + "'");
}

// A scalar attribute, or an invalid handle when there is none of that name.
Handle open_scalar(hid_t object, const std::string& name) {
  const htri_t exists = H5Aexists(object, name.c_str());
  check(exists, "looking for attribute '" + name + "'");
  if (exists == 0) return Handle();
  Handle attribute =
      own(H5Aopen(object, name.c_str(), H5P_DEFAULT), "opening attribute '" + name + "'");
  const Handle space = own(H5Aget_space(attribute.get()), "reading attribute '" + name + "'");
  if (H5Sget_simple_extent_npoints(space.get()) != 1)
    fail("attribute '", name, "' is not a single value");
  return attribute;
}

template <typename Number>
std::optional<Number> read_number(hid_t object, const std::string& name, hid_t memory_type) {
  const Handle attribute = open_scalar(object, name);
  if (!attribute.valid()) return std::nullopt;
  const Handle type = own(H5Aget_type(attribute.get()), "reading attribute '" + name + "'");
  const H5T_class_t kind = H5Tget_class(type.get());
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) fail("attribute '", name, "' is not a number");
  Number value{};
  check(H5Aread(attribute.get(), memory_type, &value), "reading attribute '" + name + "'");
  return value;
}

}  // namespace

void write_text(hid_t object, const std::string& name, const std::string& value) {
  const Handle type = own(H5Tcopy(H5T_C_S1), "making a text type");
  check(H5Tset_size(type.get(), H5T_VARIABLE), "making a text type");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "making a text type");
  const char* const text = value.c_str();
  write_scalar(object, name, type.get(), &text);
}

void write_double(hid_t object, const std::string& name, double value) {
  write_scalar(object, name, H5T_IEEE_F64LE, &value);
}

void write_int(hid_t object, const std::string& name, long long value) {
  write_scalar(object, name, H5T_STD_I64LE, &value);
}

void write_uint64(hid_t object, const std::string& name, std::uint64_t value) {
  write_scalar(object, name, H5T_STD_U64LE, &value);
}

std::optional<std::string> read_text(hid_t object, const std::string& name) {
  const Handle attribute = open_scalar(object, name);
  if (!attribute.valid()) return std::nullopt;
  const Handle type = own(H5Aget_type(attribute.get()), "reading attribute '" + name + "'");
  if (H5Tget_class(type.get()) != H5T_STRING) fail("attribute '", name, "' is not text");
  std::string value;
  if (H5Tis_variable_str(type.get()) > 0) {
    const Handle memory = own(H5Tcopy(H5T_C_S1), "making a text type");
    check(H5Tset_size(memory.get(), H5T_VARIABLE), "making a text type");
    check(H5Tset_cset(memory.get(), H5Tget_cset(type.get())), "making a text type");
    char* text = nullptr;
    check(H5Aread(attribute.get(), memory.get(), &text), "reading attribute '" + name + "'");
    if (text != nullptr) value.assign(text, strnlen(text, kTextLimit));
    H5free_memory(text);
  } else {
    const std::size_t bytes = H5Tget_size(type.get());
    if (bytes > kTextLimit) fail("attribute '", name, "' declares ", bytes, " bytes of text");
    value.resize(bytes);
    check(H5Aread(attribute.get(), type.get(), value.data()), "reading attribute '" + name + "'");
    value.resize(strnlen(value.data(), bytes));
  }
  if (!is_valid_utf8(value)) fail("attribute '", name, "' is not valid UTF-8");
  return value;
}

std::optional<double> read_double(hid_t object, const std::string& name) {
  return read_number<double>(object, name, H5T_NATIVE_DOUBLE);
}

std::optional<std::uint64_t> read_uint64(hid_t object, const std::string& name) {
  return read_number<std::uint64_t>(object, name, H5T_NATIVE_UINT64);
}

Handle text_type(std::size_t bytes) {
  Handle type = own(H5Tcopy(H5T_C_S1), "making a text type");
  check(H5Tset_size(type.get(), bytes), "making a text type");
  check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), "making a text type");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "making a text type");
  return type;
}

std::vector<hsize_t> extent(hid_t dataset) {
  const Handle space = own(H5Dget_space(dataset), "reading a size");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0 || rank > 8) fail("a data set of ", rank, " dimensions is not expected");
  std::vector<hsize_t> sizes(static_cast<std::size_t>(rank));
  if (rank > 0)
    check(H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr), "reading a size");
  return sizes;
}

hid_t element_type(DType type) {
  switch (type) {
    case DType::kU8:
      return H5T_STD_U8LE;
    case DType::kI16:
      return H5T_STD_I16LE;
    case DType::kF16:
      break;
  }
  // IEEE half precision, as numpy's float16: sign 15, exponent 10..14 (bias 15), mantissa 0..9.
  static const hid_t half = [] {
    const hid_t made = H5Tcopy(H5T_IEEE_F32LE);
    check(H5Tset_fields(made, 15, 10, 5, 0, 10), "making float16");
    check(H5Tset_size(made, 2), "making float16");
    check(H5Tset_ebias(made, 15), "making float16");
    return made;
  }();
  return half;
}

}  // namespace pluvia::h5
