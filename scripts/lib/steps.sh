# SPDX-License-Identifier: Apache-2.0
# The two steps that build, test and demo share. Sourced; brings in the rest of this folder.

here="$(dirname "${BASH_SOURCE[0]}")"
source "$here/common.sh"
source "$here/packages.sh"
source "$here/torch.sh"

# install_all CMAKE_ARGUMENTS...: packages, and torch unless it is switched off.
install_all() {
  install_packages
  if [[ " $* " != *" -DPLUVIA_WITH_TORCH=OFF "* ]]; then install_torch; fi
}

# Configure (cheap when nothing changed) and build: all, or the program without tests and benchmarks.
build_all() { build_target all "$@"; }
build_program() { build_target program "$@"; }

# build_target TARGET CMAKE_ARGUMENTS...
build_target() {
  local target="$1"
  local -a places=()
  shift
  if [[ -n "$torch_dir" ]]; then places+=("-DPLUVIA_TORCH=$torch_dir"); fi
  if [[ -n "$oracle_python" ]]; then places+=("-DPLUVIA_ORACLE_PYTHON=$oracle_python"); fi
  (
    cd "$root"
    cmake --preset release --log-level=WARNING "${places[@]}" "$@" >/dev/null
  ) || die 3 "configuring failed: the messages above say what is missing"
  cmake --build "$build_dir" --target "$target" -j "$(build_jobs)" || die 3 "the build failed: messages above"
}
