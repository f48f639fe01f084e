# Sourced by the commands that set a Debian machine up: installs packages, as root or through sudo.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "root or sudo is needed for: $*"
        return 1
    fi
}

# need WHAT PACKAGE: installs the package where WHAT, a command or a file, is missing.
need() {
    case $1 in
        /*) [ -e "$1" ] && return ;;
        *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null && return ;;
    esac
    command -v apt-get >/dev/null || { say "apt-get is not here; install \`$1\` by hand"; return 1; }
    say "installing $2"
    local policy=/usr/sbin/policy-rc.d made=no status=0
    # A package that brings a service would start it, perhaps on a wildcard address; `policy-rc.d` is Debian's way to
    # say no. One that is there belongs to somebody else and stays.
    if [ ! -e $policy ]; then
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy" || return 1
        made=yes
    fi
    apt_install "$2" || { as_root apt-get update -q >&2 && apt_install "$2"; } || status=1
    [ $made = no ] || as_root rm -f $policy
    [ $status -eq 0 ] || say "cannot install \`$2\`"
    return $status
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$1" >&2
}

# What the build needs besides the toolchain.
need_build() {
    need git git                                                # SwiftPM fetches the dependencies with it
    need /etc/ssl/certs/ca-certificates.crt ca-certificates     # and git fetches by https
    need /usr/include/openssl/ssl.h libssl-dev                  # OpenSSL 3, which all of TLS is done with
    need /usr/include/sys/capability.h libcap-dev               # libcap, which privileges are dropped with
    need pkg-config pkg-config                                  # tells SwiftPM where they are
}

# What the Debian package is made and checked with, beside the build.
need_deb() {
    need dpkg-buildpackage dpkg-dev
    need dh debhelper                                           # puts files, units and maintainer scripts in their places
    need fakeroot fakeroot
    need lintian lintian
    need lowdown lowdown                                        # manual pages from the documentation's Markdown
    need python3 python3                                        # and from the program's own help
}

# The Swift toolchain is the one thing that the machine must have.
need_swift() {
    command -v swift >/dev/null && return
    say "there is no \`swift\` in PATH; install Swift 6.2 or later from https://www.swift.org/install/linux/"
    return 1
}
