#!/bin/sh
# Asks GNU as (binutils) for the bytes of every instruction form and stores them for the tests:
#
#   mvn -pl core test-compile && dev/assembler-vectors.sh
#
# To be run after an instruction was added; JAVA_HOME names a JDK 25. Stored with binutils 2.40.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${JAVA_HOME:?names a JDK 25}/bin/java" -cp core/target/test-classes:core/target/classes \
    mobilellm.assembler.ReferenceVectors "$work" core/src/test/resources
