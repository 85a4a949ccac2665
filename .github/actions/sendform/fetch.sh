#!/usr/bin/env bash
# Puts the sendform of this action's version on the PATH of the steps to come. Nothing is unpacked, let alone run, before
# it has the checksum that stands beside this script. A machine that has this version already is left as it is.
set -euo pipefail
unset SENDFORM_KEY SENDFORM_API_KEY SENDFORM_DATABASE_URL # none of what runs here needs them

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(<"$here/version")

fail() {
    echo "::error title=sendform::$1" >&2
    exit 1
}

if [[ $(sendform --version 2>/dev/null || true) == "sendform $version" ]]; then
    exit 0
fi

case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) target=x86_64-unknown-linux-musl ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    *) fail "there is no sendform for $(uname -s) on $(uname -m): build it from source, and put it on the PATH" ;;
esac

archive="sendform-$version-$target.tar.gz"
sum=$(awk -v name="$archive" '$2 == name { print $1 }' "$here/checksums")
[[ $sum =~ ^[0-9a-f]{64}$ ]] || fail "this action knows no checksum of $archive: use the action of a release"

releases=${RELEASES:-}
if [[ -z $releases ]]; then
    [[ -n ${SERVER:-} && -n ${REPOSITORY:-} ]] || fail "nothing says where $archive is: name it with the input releases"
    releases="$SERVER/$REPOSITORY/releases/download"
fi
case "$releases" in
    https://*) schemes='=https' ;;
    http://127.0.0.1:* | http://localhost:*) schemes='=http,https' ;;
    *) fail "releases are fetched over https, and not from $releases" ;;
esac

folder="${RUNNER_TEMP:?}/sendform-$version"
mkdir -p "$folder"
curl --fail --silent --show-error --location --proto "$schemes" --retry 3 --max-time 300 \
    --output "$folder/$archive" "$releases/v$version/$archive" || fail "$archive cannot be fetched from $releases/v$version"

if command -v sha256sum >/dev/null; then
    found=$(sha256sum <"$folder/$archive")
else
    found=$(shasum -a 256 <"$folder/$archive")
fi
if [[ ${found%% *} != "$sum" ]]; then
    rm -f "$folder/$archive"
    fail "$archive is not what was released: its checksum is ${found%% *}, and should be $sum"
fi

tar -xzf "$folder/$archive" -C "$folder" sendform
rm -f "$folder/$archive"
echo "$folder" >>"${GITHUB_PATH:?}"
