#!/usr/bin/env bash
# Builds the packages of one system (SYSTEM: linux, mac or win), signed where the secrets for it are
# given and said to be unsigned where not. An empty secret must not reach electron-builder, which would
# take it for a certificate.
set -euo pipefail

certificate='' password=''
case "$SYSTEM" in
  mac) certificate="$MAC_CERTIFICATE" password="$MAC_CERTIFICATE_PASSWORD" ;;
  win) certificate="$WINDOWS_CERTIFICATE" password="$WINDOWS_CERTIFICATE_PASSWORD" ;;
esac

options=("--$SYSTEM")
if [ -n "$certificate" ]; then
  signed=signed
  # With a certificate that does not work there is no package, rather than one that is called signed.
  options+=(-c.forceCodeSigning=true)
  export CSC_LINK="$certificate" CSC_KEY_PASSWORD="$password"
else
  signed=unsigned
  export CSC_IDENTITY_AUTO_DISCOVERY=false
  [ "$SYSTEM" = linux ] || echo "::warning::No certificate for $SYSTEM: these packages are NOT signed."
fi

if [ "$SYSTEM" = mac ] && [ "$signed" = signed ] && [ -n "$NOTARY_KEY" ]; then
  key="$RUNNER_TEMP/notary.p8"
  (umask 077 && printf '%s' "$NOTARY_KEY" >"$key")
  trap 'rm -f "$key"' EXIT
  export APPLE_API_KEY="$key" APPLE_API_KEY_ID="$NOTARY_KEY_ID" APPLE_API_ISSUER="$NOTARY_ISSUER"
elif [ "$SYSTEM" = mac ]; then
  echo '::warning::Not notarized: macOS opens this app only after a detour through System Settings.'
fi
unset MAC_CERTIFICATE MAC_CERTIFICATE_PASSWORD WINDOWS_CERTIFICATE WINDOWS_CERTIFICATE_PASSWORD
unset NOTARY_KEY NOTARY_KEY_ID NOTARY_ISSUER

npm run dist -- "${options[@]}"

(
  cd release
  shopt -s nullglob
  shasum -a 256 -- *.deb *.rpm *.AppImage *.exe *.dmg *.zip >SHA256SUMS
)
echo "signed=$signed" >>"$GITHUB_OUTPUT"
