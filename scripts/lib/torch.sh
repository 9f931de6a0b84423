# SPDX-License-Identifier: Apache-2.0
# LibTorch: the `torch` package of Python's registry, in a virtual environment in the user's cache
# that every clone shares, with the Python packages that tests use as oracles. Sourced after
# common.sh.
#
# The registry may hold a CPU build (190 MB) or a CUDA build (530 MB, and several GB of NVIDIA
# packages). A CUDA build on a machine without an NVIDIA GPU gets only the NVIDIA packages that
# libtorch_cpu.so itself is linked to; all of them are installed where a GPU can use them.
# PLUVIA_TORCH=DIR (site-packages/torch) or =PYTHON (one that has torch) uses that instead.

torch_version=2.13.0
oracle_packages=(numpy==2.4.6 h5py==3.16.0)

find_python() {
  local candidate
  for candidate in "${PLUVIA_PYTHON:-}" /usr/bin/python3 python3; do
    if [[ -n "$candidate" ]] && "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
      echo "$candidate"
      return 0
    fi
  done
  die 3 "no Python 3 with venv found: install python3-venv or set PLUVIA_PYTHON"
}

# The folder the environment has in the cache, by what decides its contents.
environment_dir() {
  local python_tag
  python_tag="$("$1" -c 'import sys; print("py%d.%d" % sys.version_info[:2])')"
  echo "$cache/torch-$torch_version-$python_tag"
}

has_gpu() { command -v nvidia-smi >/dev/null && [[ "$(nvidia-smi -L 2>/dev/null)" == "GPU "* ]]; }

# needed_extras LIB: the extras of the cuda-toolkit package that hold what LIB is linked to.
needed_extras() {
  local library
  for library in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[lib\([a-zA-Z0-9]*\)\.so\..*/\1/p'); do
    case "$library" in
      cudart | cupti | cublas | cufft | cufile | curand | cusolver | cusparse | nvrtc)
        printf '%s\n' "$library" ;;
      nvJitLink) echo nvjitlink ;;
      nvToolsExt) echo nvtx ;;
      cublasLt) echo cublas ;;
    esac
  done | sort -u | paste -sd,
}

# A CUDA wheel for a machine without a GPU: its plain Python dependencies, and of NVIDIA's
# packages only those its CPU half is linked to.
install_cuda_wheel_for_cpu() {
  local python="$1" wheel="$2" torch extras requirement
  local -a plain
  "$python" -m pip install -q --no-deps "$wheel" || return
  torch="$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch"
  mapfile -t plain < <("$python" -c '
import importlib.metadata, re
for line in importlib.metadata.requires("torch"):
    if "extra ==" not in line and not re.match("cuda-|nvidia-|triton", line):
        print(line)')
  requirement="$("$python" -c '
import importlib.metadata, re
for line in importlib.metadata.requires("torch"):
    found = re.match(r"cuda-toolkit(\[[^]]*\])?\s*(==[0-9.]+)", line)
    if found: print(found.group(2))')"
  extras="$(needed_extras "$torch/lib/libtorch_cpu.so")"
  if [[ -n "$extras" ]]; then plain+=("cuda-toolkit[$extras]$requirement"); fi
  # pip would list the NVIDIA packages left out as conflicts.
  "$python" -m pip install -q --no-warn-conflicts "${plain[@]}"
}

wheel_has_cuda() {
  "$1" -c 'import sys, zipfile
sys.exit("torch/lib/libtorch_cuda.so" not in zipfile.ZipFile(sys.argv[1]).namelist())' "$2"
}

make_environment() {
  local python="$1" into="$2" wheel
  local -x PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1  # one copy of a wheel is enough
  "$python" -m venv "$into" || return
  mkdir "$into/wheel" || return
  "$into/bin/python" -m pip download -q --no-deps --only-binary :all: -d "$into/wheel" \
    "torch==$torch_version" || return
  wheel="$(echo "$into"/wheel/torch-*.whl)"
  say "torch wheel: $(basename "$wheel"), $(du -m "$wheel" | cut -f1) MB"
  if wheel_has_cuda "$into/bin/python" "$wheel" && ! has_gpu; then
    install_cuda_wheel_for_cpu "$into/bin/python" "$wheel" || return
  else
    "$into/bin/python" -m pip install -q "$wheel" || return
  fi
  "$into/bin/python" -m pip install -q --no-warn-conflicts "${oracle_packages[@]}" || return
  rm -rf "$into/wheel"
}

# Leaves the folder of the torch package in $torch_dir and the oracles' Python in $oracle_python.
torch_dir=""
oracle_python=""
install_torch() {
  local python environment fresh lock
  if [[ -n "${PLUVIA_TORCH:-}" ]]; then
    torch_dir="$PLUVIA_TORCH"
    return 0
  fi
  python="$(find_python)" || exit
  environment="$(environment_dir "$python")"
  if [[ ! -d "$environment" ]]; then
    mkdir -p "$cache" || die 3 "cannot make $cache: set PLUVIA_CACHE to a folder with 3 GB free"
    exec {lock}>"$cache/lock"
    flock -n "$lock" || { say "waiting for another set-up in $cache" && flock "$lock"; }
  fi
  if [[ ! -d "$environment" ]]; then
    say "installing torch $torch_version and the tests' Python packages into $environment"
    rm -rf "$cache"/.making-*  # what an interrupted set-up left; nobody else holds the lock
    fresh="$cache/.making-$$"
    make_environment "$python" "$fresh" || {
      rm -rf "$fresh"
      die 3 "setting up torch $torch_version failed (messages above): check the network and that
$cache has 3 GB free, or build without networks: scripts/build -DPLUVIA_WITH_TORCH=OFF"
    }
    mv "$fresh" "$environment" || die 3 "cannot rename $fresh to $environment"
    say "$environment takes $(du -sm "$environment" | cut -f1) MB"
  fi
  if [[ -n "${lock:-}" ]]; then exec {lock}>&-; fi
  torch_dir="$(echo "$environment"/lib/python3*/site-packages/torch)"
  oracle_python="$environment/bin/python"
}
