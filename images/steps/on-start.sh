# bash reads this file before `-c COMMAND` (BASH_ENV), and SageMaker starts a step as `/bin/bash -c COMMAND`.
unset BASH_ENV # once: not again in every shell that the step itself starts
if [ ! -w /opt/ml/processing ] || [ -n "$(find /opt/ml/processing /opt/ml/output ! -user "$(id -u)" -print -quit)" ]; then
    sudo --non-interactive /usr/local/sbin/open-folders ||
        echo "the folders below /opt/ml belong to another user, and sudo could not change that: writing there may fail" >&2
fi
