# asked.sh ANSWER COMMAND…: applies on a terminal, runs the command while it asks, and answers.
answer=$1
shift
: > seen
(until grep -q "y/N" seen; do sleep 0.1; done; "$@" >/dev/null 2>&1; echo "$answer") |
  TERM=dumb script -qefc "delta-engine apply" seen >/dev/null
code=$?
tr -d '\r' < seen | grep -v '^Script '
exit $code
