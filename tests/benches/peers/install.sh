#!/usr/bin/env bash
# Installs what the checker `screenshot` is measured against and compared with, from npm:
#
#     tests/benches/peers/install.sh [FOLDER]     # target/peers unless it says otherwise
#     EVIDENT_PEERS=target/peers/node_modules cargo bench -p evident-tests --bench screens
#
# The versions are those of the figures in BENCHMARKS.md. Nothing of it is part of evident.
set -euo pipefail
cd "$(dirname "$0")/../../.."
folder=${1:-target/peers}
mkdir -p "$folder"
npm install --prefix "$folder" --no-save --no-audit --no-fund \
    odiff-bin@4.5.0 pixelmatch@7.2.0 pngjs@7.0.0 @blazediff/bin@3.5.0
printf 'installed: EVIDENT_PEERS=%s/node_modules\n' "$folder"
