#!/usr/bin/env bash
# All checks that need no running system; says everything that is wrong, and fails when anything is.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=.venv/bin
failed=()
checked() { # name, command: shows what the command says only where it fails
    local name=$1 began=$SECONDS output
    shift
    if output=$("$@" 2>&1); then
        printf '  ok    %-28s %3d s\n' "$name" $((SECONDS - began))
    else
        printf '  FAIL  %s\n%s\n' "$name" "$output"
        failed+=("$name")
    fi
}

mapfile -t packages < <($bin/python infra/setup/members.py)
checked "ruff format" $bin/ruff format --check --quiet .
checked "ruff" $bin/ruff check --quiet .
checked "mypy, packages" $bin/mypy --no-error-summary "${packages[@]}"
# One run a folder of tests: two files may have one name, and a folder's own helpers are found beside it.
while IFS= read -r -u 3 folder; do
    beside=$folder
    # Where tests import each other relatively, their folder is a part of a path and no path of its own.
    ! grep -qs '^from \.' "$folder"/*.py || beside=
    [[ -z $beside || $folder != */tests* ]] || beside=$(find "${folder%%/tests*}/tests" -type d -not -name __pycache__ | paste -sd:)
    MYPYPATH=$beside checked "mypy, $folder" $bin/mypy --no-error-summary "$folder"/*.py
done 3< <(git ls-files --cached --others --exclude-standard -- '*/tests/*.py' 'e2e/journeys/*.py' 'e2e/bench/*.py' |
    xargs -n 1 dirname | sort -u)
checked "import-linter" $bin/lint-imports --no-logo
checked "house rules" $bin/python -m house_rules
checked "locks" $bin/python infra/setup/lock.py --check
checked "contracts" $bin/python -m ev_contract_tools check
if ((${#failed[@]})); then
    printf 'failed: %s\n' "$(IFS=,; echo "${failed[*]}")"
    exit 1
fi
