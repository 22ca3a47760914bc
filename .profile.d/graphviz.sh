# The apt buildpack unpacks Graphviz but does not set it up: tell dot where its plugins are, and have it list them.
for GVBINDIR in "$HOME"/.apt/usr/lib/*/graphviz; do
    if [ -d "$GVBINDIR" ]; then
        export GVBINDIR
        dot -c || echo "Graphviz could not be set up; the comment shows Mermaid instead of a picture." >&2
    else
        unset GVBINDIR
    fi
done
