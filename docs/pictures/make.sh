#!/usr/bin/env bash
# Makes the pictures that the pages show, from trainings of its own: `make pictures`. Needs Chromium; takes four minutes.
set -euo pipefail
pictures=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
configs=$pictures/../../configs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

photograph() { # PAGE PICTURE WIDTH HEIGHT
    "${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --disable-background-networking \
        --disable-component-update --disable-sync --no-first-run --hide-scrollbars --user-data-dir="$work/browser" \
        --window-size="$3,$4" --screenshot="$pictures/$2" "file://$work/$1"
}

rnnlab train "$configs/nabiya_mlp.yaml" --quiet
rnnlab report --output "$work/report.html"
photograph report.html report.png 900 1560
rnnlab train "$configs/nabiya_stateful_lstm.yaml" --quiet
rnnlab trace --input "g8 e8 e4 f8 d8 d4 c8 d8" --run-on --units 1-6 --output trace.html
photograph trace.html trace.png 1200 770
rnnlab trace --input "g8 e8 e4 f8 d8 d4 c8" --influence --of e8 --output influence.html
photograph influence.html influence.png 700 460
rnnlab compare "$configs/compare_nabiya.yaml" --output "$pictures/comparison.svg" --overwrite
rnnlab generate runs/nabiya_stateful_lstm-1 --temperature 4 --template "g8 _ e4 _ _ c4" \
    --output "$pictures/steering-template.png" --overwrite
rnnlab generate runs/nabiya_stateful_lstm-1 --temperature 4 --bars 8 --meter 2/4 --key c --end-on c4 \
    --output "$pictures/steering-bars.png" --overwrite
rnnlab generate runs/nabiya_stateful_lstm-1 --temperature 6 --rhythm-of "$configs/../data/nabiya.notes" --meter 2/4 \
    --output "$pictures/steering-rhythm.png" --overwrite
rnnlab export runs/nabiya_stateful_lstm-1 --output "$work/song.html"
python "$pictures/photograph.py" song.html "$pictures/page-song.png" 1100 980
python "$pictures/photograph.py" song.html "$pictures/page-slider.png" 1100 980 '[data-part="learn"]'
rnnlab train "$configs/text_lstm.yaml" --quiet
rnnlab export --output "$work/text.html"
python "$pictures/photograph.py" text.html "$pictures/page-text.png" 1100 980
rnnlab train "$configs/nabiya_lstm.yaml" --quiet
rnnlab export runs/nabiya_mlp-1 runs/nabiya_lstm-1 runs/nabiya_stateful_lstm-1 --output "$work/lecture.html"
python "$pictures/photograph.py" lecture.html "$pictures/page-several.png" 1100 900
