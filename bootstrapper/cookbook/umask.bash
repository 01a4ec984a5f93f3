# Modes don't depend on the login's umask. Everybody may read, as a web server has a user of its own.
# A directory that belongs to a group (chmod g+ws) is one whose members push in turn: they may write.
umask 022
case $(stat -c %A .) in d????w[sS]*) umask 002 ;; esac
