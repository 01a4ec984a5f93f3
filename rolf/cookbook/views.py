"""Pages of the cookbook: your own recipes, and those that come with Rolf."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import atomic_post, login_required
from database import clock
from history.diffs import lines
from history.models import record_change
from history.paging import to_int

from .catalog import RecipeCatalog, language_of, shipped
from .forms import RecipeForm
from .models import Recipe, save_version


@require_safe
@login_required
def cookbook(request):
    """List all recipes."""
    catalog = RecipeCatalog()
    used = request.access.recipe_counts()
    return render(
        request,
        "cookbook/cookbook.html",
        {
            "recipes": [(entry, used.get(entry.name, 0)) for entry in catalog.entries()],
            "may_add": request.access.may_write_recipes(),
        },
    )


@require_safe
@login_required
def recipe(request, name):
    """Show a recipe: its code, its settings, its versions, and the deployments that use it."""
    catalog = RecipeCatalog()
    own = catalog.own(name)
    from_rolf = shipped().get(name)
    if own is None and from_rolf is None:
        raise Http404("There is no such recipe.")
    return render(
        request,
        "cookbook/recipe.html",
        {
            "name": name,
            "own": own,
            "shipped": from_rolf,
            "entry": catalog.entry(name),
            "code": own.code if own else from_rolf.code,
            "usage": request.access.recipe_users(name),
            "versions": own.versions.all() if own else [],
            "may_edit": request.access.may_edit_recipe(name),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def recipe_new(request):
    """Create a recipe; `of` names one to copy."""
    _refuse_unless(request.access.may_write_recipes())
    copied = request.GET.get("of", "")
    begin = {}
    if copied:
        begin = {
            "name": copied if RecipeCatalog().own(copied) is None else f"{copied}-2",
            **_text(copied),
        }
    return _saved(request, Recipe(), begin, "New recipe")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def recipe_edit(request, name):
    """Change one of your own recipes."""
    found = get_object_or_404(Recipe.objects.not_deleted(), name=name)
    _refuse_unless(request.access.may_edit_recipe(name))
    return _saved(request, found, {}, f"Edit {name}")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def recipe_delete(request, name):
    """Ask, then delete one of your own recipes; its versions stay."""
    found = get_object_or_404(Recipe.objects.not_deleted(), name=name)
    _refuse_unless(request.access.may_edit_recipe(name))
    if request.method != "POST":
        return render(
            request,
            "cookbook/delete.html",
            {
                "recipe": found,
                "usage": request.access.recipe_users(name),
                "shipped": shipped().get(name),
            },
        )
    with record_change(request.user, found):
        found.deleted = clock.now()
        found.save()
    messages.success(request, f"Deleted the recipe {name}.")
    return redirect("cookbook:recipes")


@require_safe
@login_required
def recipe_version(request, name, number):
    """Compare a version with the one before it, or with version `against`."""
    found = get_object_or_404(Recipe.objects.not_deleted(), name=name)
    version = get_object_or_404(found.versions, number=number)
    against = to_int(request.GET.get("against"), number - 1)
    other = found.versions.filter(number=against).first()
    return render(
        request,
        "cookbook/version.html",
        {
            "recipe": found,
            "version": version,
            "other": other,
            "lines": lines(other.code if other else "", version.code),
            "versions": found.versions.all(),
        },
    )


def _saved(request, row, begin, heading):
    form = RecipeForm(request.POST or None, instance=row, initial=begin, renames=row.pk is None)
    if form.is_valid():
        # A new recipe under a name that stages use changes those deployments. Check the cleaned
        # name: the form strips spaces.
        _refuse_unless(request.access.may_edit_recipe(form.cleaned_data["name"]))
        with record_change(request.user, row):
            form.save()
        save_version(row, request.user)
        messages.success(request, f"Saved the recipe {row}.")
        return redirect(row)
    return render(
        request,
        "cookbook/edit.html",
        {"form": form, "heading": heading, "recipe": row},
        status=422 if form.is_bound else 200,
    )


def _text(name):
    """Return the initial values of a copy."""
    own = RecipeCatalog().own(name)
    if own:
        return {"language": own.language, "code": own.code, "description": own.description}
    from_rolf = shipped().get(name)
    return {"language": language_of(from_rolf), "code": from_rolf.code} if from_rolf else {}


def _refuse_unless(allowed):
    if not allowed:
        raise PermissionDenied(
            "You need the edit permission on every deployment that uses this "
            "recipe, deleted ones included."
        )
