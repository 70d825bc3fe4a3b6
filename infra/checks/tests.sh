#!/usr/bin/env bash
# One level of the tests, of all members or of one: tests.sh unit|oracle|contract|conformance|component|e2e [service]
set -euo pipefail
cd "$(dirname "$0")/../.."
# A sample is the same at each run, so that a red one is the change's doing; the full numbers roll new dice.
[[ ${EV_LONG:-} == 1 ]] || export EV_SEED=${EV_SEED:-20261126}
level=${1:?unit, oracle, contract, conformance, component or e2e}
one=${2:-}

case $level in
contract) wanted='^contracts/tests/' ;;
e2e) wanted='^e2e/(journeys|conformance|clients)/' ;;
unit) wanted='/tests/(unit/|issuer/|[^/]*$)' ;; # what stands in no level needs nothing either
*) wanted="/tests/$level/" ;;
esac
member='^(services|infra|e2e)/'
[[ $level != contract ]] || member='^contracts/'
[[ -z $one ]] || member="^(services/_?|infra/|)$one/"

mapfile -t folders < <(git ls-files --cached --others --exclude-standard -- '*/test_*.py' |
    grep -E "$member" | grep -E "$wanted" | xargs -r -n 1 dirname | sort -u)
if ((${#folders[@]} == 0)); then
    echo "no $level tests${one:+ in $one}" >&2
    exit 1
fi
status=0
tested() { # words, folders: one run of pytest
    local words=$1 began=$SECONDS
    shift
    printf '%s\n' "$words"
    .venv/bin/python -m pytest --quiet --no-header --durations=5 --durations-min=5 "$@" </dev/null || status=1
    printf '%s: %d s\n' "$words" $((SECONDS - began))
}

if [[ $level == unit ]]; then
    tested "unit" "${folders[@]}" # one start for all: nothing here is slow but the start
else
    # A run a member: what one leaves behind in the process is no other's trouble.
    for root in $(printf '%s\n' "${folders[@]}" | sed -E 's#/(tests|journeys|conformance|clients)(/.*)?$#/\1#' | sort -u); do
        mapfile -t inside < <(printf '%s\n' "${folders[@]}" | grep -E "^$root(/|$)")
        tested "$level ${root%/tests}" "${inside[@]}"
    done
fi
exit "$status"
