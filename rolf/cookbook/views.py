"""The cookbook: recipes of the shop's own, and those that come with the engine."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.decorators import atomic_post, login_required
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
    shelf = RecipeCatalog()
    used = request.access.recipe_counts()
    return render(request, "cookbook/cookbook.html", {
        "recipes": [(entry, used.get(entry.name, 0)) for entry in shelf.entries()],
        "may_add": request.access.may_write_recipes()})


@require_safe
@login_required
def recipe(request, name):
    """Show one: its code, what it needs, its versions, and where it is used."""
    shelf = RecipeCatalog()
    own = shelf.own(name)
    ours = shipped().get(name)
    if own is None and ours is None:
        raise Http404("There is no such recipe.")
    return render(request, "cookbook/recipe.html", {
        "name": name, "own": own, "shipped": ours, "entry": shelf.entry(name),
        "code": own.code if own else ours.code, "usage": request.access.recipe_users(name),
        "versions": own.versions.all() if own else [],
        "may_edit": request.access.may_edit_recipe(name)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def recipe_new(request):
    """Write a new one; `of` copies the one of that name."""
    _refuse_unless(request.access.may_write_recipes())
    copied = request.GET.get("of", "")
    begin = {}
    if copied:
        begin = {"name": copied if RecipeCatalog().own(copied) is None else f"{copied}-2",
                 **_text(copied)}
    return _saved(request, Recipe(), begin, "New recipe")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def recipe_edit(request, name):
    """Change one of the shop's own."""
    found = get_object_or_404(Recipe.objects.not_deleted(), name=name)
    _refuse_unless(request.access.may_edit_recipe(name))
    return _saved(request, found, {}, f"Edit {name}")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@atomic_post
def recipe_delete(request, name):
    """Ask, then take one of the shop's own off the shelf; its versions stay."""
    found = get_object_or_404(Recipe.objects.not_deleted(), name=name)
    _refuse_unless(request.access.may_edit_recipe(name))
    if request.method != "POST":
        return render(request, "cookbook/delete.html", {
            "recipe": found, "usage": request.access.recipe_users(name),
            "shipped": shipped().get(name)})
    with record_change(request.user, found):
        found.deleted = timezone.now()
        found.save()
    messages.success(request, f"Deleted: the recipe {name}.")
    return redirect("cookbook:recipes")


@require_safe
@login_required
def recipe_version(request, name, number):
    """Show what a version changed, against the one before it or against `against`."""
    found = get_object_or_404(Recipe.objects.not_deleted(), name=name)
    version = get_object_or_404(found.versions, number=number)
    against = to_int(request.GET.get("against"), number - 1)
    other = found.versions.filter(number=against).first()
    return render(request, "cookbook/version.html", {
        "recipe": found, "version": version, "other": other,
        "lines": lines(other.code if other else "", version.code),
        "versions": found.versions.all()})


def _saved(request, row, begin, heading):
    form = RecipeForm(request.POST or None, instance=row, initial=begin,
                      renames=row.pk is None)
    if form.is_valid():
        # A new one under a name that stages use is an edit of those deployments. It is asked of
        # the name as it is kept: forms strip what was sent.
        _refuse_unless(request.access.may_edit_recipe(form.cleaned_data["name"]))
        with record_change(request.user, row):
            form.save()
        save_version(row, request.user)
        messages.success(request, f"Saved: the recipe {row}.")
        return redirect(row)
    return render(request, "cookbook/edit.html", {
        "form": form, "heading": heading, "recipe": row},
        status=422 if form.is_bound else 200)


def _text(name):
    """Return what a copy begins with."""
    own = RecipeCatalog().own(name)
    if own:
        return {"language": own.language, "code": own.code, "description": own.description}
    ours = shipped().get(name)
    return {"language": language_of(ours), "code": ours.code} if ours else {}


def _refuse_unless(allowed):
    if not allowed:
        raise PermissionDenied("This needs the permission to edit every deployment that uses it, "
                               "deleted ones too: a superuser can restore those.")
