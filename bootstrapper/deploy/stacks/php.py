"""PHP: with Composer or without, and the frameworks whose shared paths are known."""

from pathlib import Path

from bootstrapper.deploy.definition.known_setting import check_shared_paths
from bootstrapper.deploy.stacks.checks import fits
from bootstrapper.deploy.stacks.project_file import first_of, read_json, table_of
from bootstrapper.deploy.stacks.questions import assets_question, smoke_url, systemd_units
from bootstrapper.deploy.stacks.shared_paths import shared_paths_question
from bootstrapper.deploy.stacks.stack import Question, Stack

NAME = "php"
# The web server shows the directory, and nothing beside it.
_ROOTS = ("public/index.php", "web/index.php", "webroot/index.php", "htdocs/index.php")
_FILES = (
    "composer.json",
    "composer.lock",
    "wp-config.php",
    "wp-config-sample.php",
    "wp-login.php",
    "index.php",
    *_ROOTS,
)
_WORDPRESS = ("wp-config.php", "wp-config-sample.php", "wp-login.php")

# A package or a file that shows the framework, its name, and what its releases share.
_FRAMEWORKS = (
    ("laravel/framework", "Laravel", (".env", "storage/")),
    ("artisan", "Laravel", (".env", "storage/")),
    ("symfony/framework-bundle", "Symfony", (".env.local", "var/log/", "var/sessions/")),
    ("symfony.lock", "Symfony", (".env.local", "var/log/", "var/sessions/")),
    ("cakephp/cakephp", "CakePHP", ("config/app_local.php", "logs/")),
    ("codeigniter4/framework", "CodeIgniter", (".env", "writable/")),
    ("craftcms/cms", "Craft CMS", (".env", "storage/")),
    ("typo3/cms-core", "TYPO3", ("config/system/settings.php", "public/fileadmin/", "var/log/")),
    ("yiisoft/yii2", "Yii", ("runtime/logs/",)),
)


def evidence(project: Path) -> str:
    """Return the file that shows that the project is one of PHP, or an empty string."""
    return first_of(project, *_FILES)


def describe(project: Path) -> Stack:
    """Return how a PHP project is deployed."""
    composer = read_json(project / "composer.json")
    packages = {*table_of(composer, "require"), *table_of(composer, "require-dev")}
    framework, shared = _framework(project, packages, composer)
    has_composer = bool(first_of(project, "composer.json", "composer.lock"))
    has_drush = framework == "Drupal" and "drush/drush" in packages
    questions = [
        *assets_question(project),
        shared_paths_question(project, shared),
        systemd_units("php8.2-fpm.service", "PHP's own, if it keeps old code in its cache."),
        smoke_url(),
    ]
    if has_composer:
        questions.insert(
            0,
            Question(
                name="COMPOSER",
                text="Composer on the server: a command, or its path. Without it, composer.",
                default="php composer.phar" if first_of(project, "composer.phar") else "",
                example="php composer.phar",
                optional=True,
            ),
        )
    return Stack(
        name=NAME,
        title=f"PHP, {framework}" if framework else "PHP",
        questions=tuple(questions),
        build=("build-checkout",) if assets_question(project) else (),
        install=(
            *(["php-composer"] if has_composer else []),
            *(["drupal-drush"] if has_drush else []),
        ),
        restart=("restart-systemd", "smoke-test"),
        notes=tuple(_notes(project, framework, has_composer=has_composer, has_drush=has_drush)),
    )


def _framework(
    project: Path, packages: set[str], composer: dict[str, object]
) -> tuple[str, list[str]]:
    """Return the name of the framework and the paths that its releases share."""
    if any(name.startswith("drupal/core") for name in packages) or _drupal_root(project):
        locations = table_of(composer, "extra", "drupal-scaffold", "locations")
        root = str(locations.get("web-root") or _drupal_root(project) or "web/")
        root = root.removeprefix("./").strip("/")
        site = f"{root}/sites/default" if root else "sites/default"
        shared = [f"{site}/files/", f"{site}/settings.php"]
        return "Drupal", shared if fits(check_shared_paths, " ".join(shared)) else []
    for name, title, paths in _FRAMEWORKS:
        if name in packages or (project / name).is_file():
            return title, [*paths]
    if any(
        name.endswith("/wordpress") or name.startswith("johnpbloch/wordpress") for name in packages
    ):
        return "WordPress", [".env", "web/app/uploads/"]
    if first_of(project, *_WORDPRESS):
        return "WordPress", ["wp-config.php", "wp-content/uploads/"]
    return "", []


def _drupal_root(project: Path) -> str:
    """Return the directory of Drupal's index.php, with a slash; empty if there is none."""
    roots = ("web/", "docroot/", "html/", "./")
    return next((root for root in roots if (project / root / "core/lib/Drupal.php").is_file()), "")


def _notes(project: Path, framework: str, *, has_composer: bool, has_drush: bool) -> list[str]:
    notes = []
    if has_composer and not first_of(project, "composer.lock"):
        notes.append("php-composer needs composer.lock: composer update && git add composer.lock")
    if framework == "Drupal" and not has_drush:
        notes.append(
            "no stage updates the database: composer require drush/drush  # then add the stage "
            "drupal-drush after php-composer"
        )
    if first_of(project, "index.php") and not first_of(project, *_ROOTS):
        notes.append("deny /deploy/ in the web server: it has the names of your servers")
    return notes
