# Exports the newest revision of REPOSITORY, a Subversion address, into CHECKOUT_DIR.
#
# --ref names a revision (1234 or r1234), or a folder such as branches/2.x or tags/1.0. The recipe looks
# for a folder in REPOSITORY, and beside it if REPOSITORY ends in trunk. `trunk` and `main`, the default
# branch of a deployment, are REPOSITORY itself. A rollback to this push exports the same revision again.
# Passwords are those that svn has stored.
#
# needs: REPOSITORY
export LC_ALL="${LANG:-C.UTF-8}"  # without a locale, svn fails on names that are not ASCII
cd "$CHECKOUT_DIR"
find . -mindepth 1 -delete
trap 'echo "  next: svn info ${REPOSITORY@Q}" >&2' ERR

if [ -n "$ROLLBACK_URL" ]; then
    address=$ROLLBACK_URL
else
    repository=${REPOSITORY%/}
    ref=${PUSH_REF-}
    case /$ref/ in
        *[@%]* | */../* | */./* | *//?* | /-*)
            echo "--ref: ${ref@Q} is neither a revision nor a folder of $REPOSITORY" >&2
            false ;;
    esac
    revision=HEAD
    folder=$repository
    if [[ $ref =~ ^r?([0-9]+)$ ]]; then
        revision=${BASH_REMATCH[1]}
    elif [[ -n $ref && $ref != trunk && $ref != main ]]; then
        case $repository in
            */trunk) folder=${repository%/trunk}/$ref ;;
            *) folder=$repository/$ref ;;
        esac
    fi
    revision=$(svn info --non-interactive --revision "$revision" --show-item revision "$folder@")
    address=$folder@$revision
fi
svn export --quiet --force --non-interactive -- "$address" .
printf '%s\n' "PUSH_COMMIT=${address##*@}" "ROLLBACK_URL=$address" >>"$ROLF_OUTPUT"
echo "revision ${address##*@} of ${address%@*}"
