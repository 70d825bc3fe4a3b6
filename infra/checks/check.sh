#!/usr/bin/env bash
# Everything that can be said of the tree without running the product. Each tool in its form that changes nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=.venv/bin
folders=(contracts services infra e2e)

"$bin/ruff" format --check --quiet "${folders[@]}"
"$bin/ruff" check --quiet "${folders[@]}"

packages=()
for member in contracts services/* infra/* e2e; do
  while IFS= read -r package; do packages+=("$package"); done \
    < <(find "$member" -mindepth 2 -maxdepth 2 -name __init__.py -not -path '*/tests/*' -printf '%h\n' | sort)
done
"$bin/mypy" --no-error-summary "${packages[@]}" infra/setup/*.py

# Two test files may have one name, so each folder of tests is a run of its own.
while IFS= read -r tests; do
  "$bin/mypy" --no-error-summary "$tests"/*.py
done < <(find "${folders[@]}" -path '*/tests/*' -name '*.py' -printf '%h\n' | sort -u)

"$bin/lint-imports" --no-timing >/dev/null || "$bin/lint-imports"
"$bin/python" -m house_rules
"$bin/python" infra/setup/lock.py --check
"$bin/python" -m ev_contract_tools check
