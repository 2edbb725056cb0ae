#!/bin/sh
# Makes the screen of every page: `sh screens.sh FOLDER`. Needs Chromium and the font DejaVu Sans, both from the
# distribution. The window, the scale and the font are fixed, so that one version of Chromium makes the same
# picture in every run.
set -eu
folder=$1
chromium=${CHROMIUM:-chromium}
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
mkdir -p "$folder"
for page in pages/*.html; do
    name=$(basename "$page" .html)
    "$chromium" --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 \
        --user-data-dir="$profile" --window-size=640,420 --screenshot="$folder/$name.png" \
        "file://$PWD/$page" 2>"$profile/log" || { cat "$profile/log" >&2; exit 1; }
    test -s "$folder/$name.png"
done
