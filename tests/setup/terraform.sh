#!/usr/bin/env bash
# `$CACHE/bin/terraform`, and the offline AWS provider of tests/oracle for it to load.
#
# The machine's own terraform is taken where there is one. Else OpenTofu is built from its module, under the name
# `terraform`: it reads the same language, and looks for providers under its own registry's name, so the provider
# lies in the plugin folder under both names.
. "$(dirname "$0")/lib.sh"

PROVIDER=6.69.1 # the release whose schema tests/oracle serves
TOFU=v1.12.6

need go "install Go 1.25 or later"
export CGO_ENABLED=0

platform() { echo "$(go env GOOS)_$(go env GOARCH)"; }

provider() {
  local binary=$CACHE/terraform-provider-aws host folder
  (cd "$ROOT/tests/oracle/provider" && go build -trimpath -ldflags '-s -w' -o "$binary" .)
  rm -rf "$CACHE/plugins"
  for host in registry.terraform.io registry.opentofu.org; do
    folder=$CACHE/plugins/$host/hashicorp/aws/$PROVIDER/$(platform)
    mkdir -p "$folder"
    ln "$binary" "$folder/terraform-provider-aws_v$PROVIDER"
  done
  rm "$binary"
}

# `go install module@version` refuses a module with replacements, so it is built in a copy of its own source.
opentofu() {
  local source work
  source=$(cd "$CACHE" && go mod download -json "github.com/opentofu/opentofu@$TOFU" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [ -d "$source" ] || fail "the source of OpenTofu $TOFU cannot be had"
  work=$(mktemp -d)
  cp -r "$source/." "$work"
  chmod -R u+w "$work"
  (cd "$work" && go build -trimpath -ldflags '-s -w' -o "$CACHE/bin/tofu" ./cmd/tofu)
  rm -rf "$work"
}

once "terraform-provider" provider "$ROOT/tests/oracle/provider" "$(go version)" "$PROVIDER"
if found=$(command -v terraform) && "$found" version >/dev/null 2>&1 && [ -z "${PIPEC_WITH_TOFU:-}" ]; then
  ln -sfn "$found" "$CACHE/bin/terraform"
else
  once "opentofu" opentofu "$TOFU" "$(go version)"
  ln -sfn tofu "$CACHE/bin/terraform"
fi
"$CACHE/bin/terraform" version >/dev/null 2>&1 || fail "$CACHE/bin/terraform does not run"
