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
next=$(cat "$kept/next" 2>/dev/null || echo "after=0")
while :; do
  status=$(
    printf 'header = "Authorization: Bearer %s"\n' "$CREDENTIAL" |
      curl -sS --retry 3 --config - -D "$kept/headers" -o "$kept/arriving" -w '%{http_code}' "$FEED?$next"
  )
  # The header `Link: </feeds/OFFICE/events?after=N>; rel="next"` says where to go on; keep it whole, it may name an epoch.
  go_on=$(sed -n 's/^[Ll]ink: <[^?]*?\([^>]*\)>.*/\1/p' "$kept/headers")
  case $status in
  200)
    [ "$(cat "$kept/arriving")" != "[]" ] || break
    mv "$kept/arriving" "$kept/$next.json"
    sync
    echo "kept up to number ${go_on#*after=}"
    ;;
  410) # The agency's log was brought back from a copy. What you have stays aside, for the agency may have lost it: tell it.
    cat "$kept/arriving" >&2
    aside="$kept/before-$(date -u +%Y%m%dT%H%M%SZ)"
    mkdir -p "$aside"
    mv "$kept"/*after=*.json "$aside"
    echo "what was kept before is in $aside: tell your agency" >&2
    ;;
  *)
    cat "$kept/arriving" >&2
    exit 1
    ;;
  esac
  echo "$go_on" >"$kept/next"
  next=$go_on
done
rm -f "$kept/arriving" "$kept/headers"
