#!/bin/sh
# Installs Debian packages and leaves no service of theirs running or enabled: what a test or the demo needs,
# it starts itself. Needs root. Arguments: package names; where a package has a service, it has its name.
set -eu

export DEBIAN_FRONTEND=noninteractive

# Asked by every package before it starts its service; 101 means no. One that is there already stays.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
  trap 'rm -f "$guard"' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' >"$guard"
  chmod 755 "$guard"
fi

apt-get update
apt-get install -y --no-install-recommends "$@"

for service in "$@"; do
  if command -v systemctl >/dev/null 2>&1; then
    systemctl disable "$service" >/dev/null 2>&1 || true
    if [ -d /run/systemd/system ]; then
      systemctl stop "$service" >/dev/null 2>&1 || true
    fi
  elif command -v update-rc.d >/dev/null 2>&1; then
    update-rc.d "$service" disable >/dev/null 2>&1 || true
  fi
done
