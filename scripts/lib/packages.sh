# SPDX-License-Identifier: Apache-2.0
# Debian packages: installs what is missing, touches nothing (and no network) when all is there.
# Why each one is needed: README.md, "Dependencies". Sourced after common.sh.

packages=(
  build-essential cmake ninja-build pkg-config git python3 python3-venv python3-pip
  zlib1g-dev libpng-dev libjpeg62-turbo-dev libdeflate-dev libhdf5-dev
  nlohmann-json3-dev libcli11-dev libgtest-dev libbenchmark-dev
  libavformat-dev libavcodec-dev libavutil-dev libswscale-dev
  libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev ffmpeg chromium
)

missing_packages() {
  local name
  for name in "${packages[@]}"; do
    if [[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]]; then
      printf '%s\n' "$name"
    fi
  done
}

# How to become root, as a list of words: none needed, sudo, or failure.
as_root=()
find_root() {
  if ((EUID == 0)); then return 0; fi
  if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    as_root=(sudo)
    return 0
  fi
  return 1
}

install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    die 3 "this is not Debian or a relative of it: install the counterparts of these packages, then
run cmake yourself (CONTRIBUTING.md): ${packages[*]}"
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then return 0; fi
  if ! find_root; then
    die 3 "these Debian packages are missing and installing them needs root: ${missing[*]}
as root: apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq ||
    die 3 "apt-get update failed: check the network and /etc/apt/sources.list"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die 3 "apt-get install failed: its messages are above"
}
