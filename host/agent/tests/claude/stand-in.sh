#!/bin/sh
# Stands in for the agent where it must misbehave: opens the protocol, takes a prompt, then does what PART says.
read -r _opening
echo '{"type":"control_response","response":{"subtype":"success","request_id":"initialize","response":{}}}'
read -r _prompt
echo '{"type":"system","subtype":"init","session_id":"stand-in"}'
case "$PART" in
garbage) echo 'hello' ;;
dies)
    echo 'out of memory' >&2
    exit 3
    ;;
esac
# Whatever it is told from here on, it does nothing, and its child keeps its output open.
sleep 300 &
while read -r _line; do :; done
wait
