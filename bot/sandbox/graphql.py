"""The little of GitHub's GraphQL API that an app needs: folding a comment."""

from bot.sandbox.call import Answer, Call, Route


def answer(call: Call) -> Answer:
    """Answer POST /graphql, as GraphQL does: with 200, also where it refuses."""
    if "minimizeComment" not in call.text("query"):
        return _refused("GRAPHQL_VALIDATION", "The sandbox knows no other mutation than minimizeComment.")
    name = str((call.body.get("variables") or {}).get("id", ""))
    number = name.removeprefix("IC_")
    comment = call.hub.comments.get(int(number)) if number.isdecimal() else None
    if comment is None:
        return _refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{name}'.")
    if not call.hub.may_fold:
        return _refused("FORBIDDEN", "Resource not accessible by integration")
    comment.folded = True
    return Answer({"data": {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}})


def _refused(kind: str, message: str) -> Answer:
    return Answer({"data": {"minimizeComment": None}, "errors": [{"type": kind, "message": message}]})


PATH = "/graphql"
ROUTES: list[Route] = [("POST", PATH, "installation", answer)]
