/** The registered types of package URLs (package-url/purl-spec, types; 2026-11). */
export const PURL_TYPES: ReadonlySet<string> = new Set([
  ...['alpm', 'apk', 'bitbucket', 'bitnami', 'cargo', 'chrome-extension', 'cocoapods', 'composer', 'conan', 'conda'],
  ...['cpan', 'cran', 'deb', 'docker', 'gem', 'generic', 'github', 'golang', 'hackage', 'hex', 'huggingface', 'julia'],
  ...[
    'luarocks',
    'maven',
    'mlflow',
    'npm',
    'nuget',
    'oci',
    'opam',
    'otp',
    'pub',
    'pypi',
    'qpkg',
    'rpm',
    'swid',
    'swift',
  ],
  ...['vscode-extension', 'yocto'],
])
