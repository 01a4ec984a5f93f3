"""Report on the vendored files: licenses, SBOM, known vulnerabilities, other formats of the lock."""
