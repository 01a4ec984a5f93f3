"""What the browsers find in Rolf: the people of a shop, and what they push.

Run in Rolf's own ve, by `manage.py shell`.
"""

from accounts.models import User
from api.models import Token
from deployments.models import Application, Category, Deployment, Flag, Grant, Level, Setting, Stage
from django.contrib.auth.models import Group
from history.models import record_change

PASSWORD = "open sesame 12"
# One word that is wider than a phone.
LONG = "ThePortalForApplicationsToDoctoralProgrammesWithoutASingleSpace"

BUILD = r"""
echo -e "\e[32mbuilding\e[0m $PUSH_REF <b>"
echo "ROLLBACK_URL=release-$ROLF_PUSH_ID" >> "$ROLF_OUTPUT"
for number in $(seq ${LINES_PRINTED:-40}); do echo "line $number"; sleep ${PAUSE:-0.005}; done
printf ' 10%%\r 60%%\r100%%\n'
"""
CHECK = r"""
if [ -n "$BREAK" ]; then echo "Error: the till is broken" >&2; exit 1; fi
echo "all is well"
"""
LIVE = r'echo "live: ${ROLLBACK_URL:-push $ROLF_PUSH_ID}"'

people = {}
for name, group in [("dora", "designers"), ("pam", "programmers"), ("mia", "project managers")]:
    people[name] = User.objects.create_user(name, password=PASSWORD)
    people[name].groups.add(Group.objects.create(name=group))

category = Category.objects.create(name="Sites")
for title, places in {
    "shop": ["production", "staging", "slow"],
    "Магазин": ["боевой"],
    LONG: ["production"],
}.items():
    application = Application.objects.create(name=title, category=category)
    for place in places:
        deployment = Deployment.objects.create(application=application, name=place)
        for position, (stage, code) in enumerate(
            [("build", BUILD), ("check", CHECK), ("live", LIVE)]
        ):
            Stage.objects.create(deployment=deployment, name=stage, code=code, position=position)
        Flag.objects.create(deployment=deployment, name="BREAK", description="let it fail")
        setting = Setting(deployment=deployment, name="GREETING")
        with record_change(people["pam"], setting, deployment):
            setting.text = "hello"
            setting.save()
        secret = Setting(deployment=deployment, name="TOKEN", secret=True)
        secret.value = "sesame"
        secret.save()
        if title == LONG:
            Setting.objects.create(deployment=deployment, name="HOSTS", text=f"{LONG}," * 3)
        if place == "slow":
            Setting.objects.create(deployment=deployment, name="PAUSE", text="0.1")
        for name, level in [
            ("designers", Level.PUSH),
            ("programmers", Level.EDIT),
            ("project managers", Level.VIEW),
        ]:
            Grant.objects.create(
                deployment=deployment, group=Group.objects.get(name=name), level=level
            )
        print(f"{title} {place}", deployment.pk)
old = Deployment.objects.create(
    application=Application.objects.get(name="shop"), name="of 2010", deprecated=True
)
Grant.objects.create(
    deployment=old, group=Group.objects.get(name="project managers"), level=Level.VIEW
)
Token.objects.create(
    user=people["pam"], name=LONG, digest=LONG, hint="rolf_", level=Level.PUSH, all_deployments=True
)
