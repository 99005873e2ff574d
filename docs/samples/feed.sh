#!/bin/sh
# A feed read over HTTP with curl and nothing else: every batch is kept as a file, and the next reading goes on after it.
#
#   FEED=https://feeds.example/feeds/cons-mx.el-paso/events CREDENTIAL=... ./feed.sh kept
#
# FEED and CREDENTIAL come from your agency. It ends when there is nothing new; run it again as often as you like.
# To read after a number says that you have kept all up to it: the batch is on the disk before that.
set -eu

kept=${1:?"usage: feed.sh FOLDER"}
mkdir -p "$kept"
after=$(cat "$kept/after" 2>/dev/null || echo 0)
while :; do
  printf 'header = "Authorization: Bearer %s"\n' "$CREDENTIAL" |
    curl -sS --fail-with-body --retry 3 --config - -D "$kept/headers" -o "$kept/arriving" "$FEED?after=$after"
  [ "$(cat "$kept/arriving")" != "[]" ] || break
  # The header `Link: </feeds/OFFICE/events?after=N>; rel="next"` says where to go on.
  next=$(sed -n 's/^[Ll]ink: .*after=\([0-9]*\)>.*/\1/p' "$kept/headers")
  mv "$kept/arriving" "$kept/after-$after.json"
  sync
  echo "$next" >"$kept/after"
  after=$next
  echo "kept up to number $after"
done
rm -f "$kept/arriving" "$kept/headers"
