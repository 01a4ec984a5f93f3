# The modes must not depend on the login's umask. All users may read: the web server has its own user.
# If the directory belongs to a group (chmod g+ws), its members push in turn and may write.
umask 022
case $(stat -c %A .) in d????w[sS]*) umask 002 ;; esac
