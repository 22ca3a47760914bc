"""What a job's `environment:` becomes."""

from __future__ import annotations

import pytest

from bot.domain.environments import resolve

INPUTS = {"github_environment": "prod", "Stage": "dev", "empty": "", "odd": "a }} b", "quoted": "it's"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("prod", "prod"),
        ("", ""),
        ("it costs $5 {{ really }}", "it costs $5 {{ really }}"),
        ("${{ inputs.github_environment }}", "prod"),
        ("${{inputs.github_environment}}", "prod"),
        ("${{ github.event.inputs.github_environment }}", "prod"),
        ("${{ INPUTS.GITHUB_ENVIRONMENT }}", "prod"),
        ("${{ inputs.stage }}", "dev"),
        ("${{ GitHub.Event.Inputs.STAGE }}", "dev"),
        ("${{ inputs . stage }}", "dev"),
        ("${{\n  inputs.stage\n}}", "dev"),
        ("plat-${{ inputs.stage }}-${{ inputs.github_environment }}!", "plat-dev-prod!"),
        ("${{ 'fixed' }}", "fixed"),
        ("${{ 'it''s' }}", "it's"),
        ("${{ 'with }} in it' }}", "with }} in it"),
        ("${{ inputs.odd }}", "a }} b"),
        ("${{ inputs.quoted }}", "it's"),
        ("${{ inputs.empty }}", ""),
        ("${{ inputs.missing }}", ""),
        ("${{ inputs.empty || 'fallback' }}", "fallback"),
        ("${{ inputs.missing||'fallback' }}", "fallback"),
        ("${{ inputs.stage || 'fallback' }}", "dev"),
        ("${{ inputs.missing || inputs.empty || github.event.inputs.stage || 'x' }}", "dev"),
        ("${{ inputs.missing || inputs.empty || '' }}", ""),
    ],
)
def test_what_is_known_is_filled_in(text, name):
    assert resolve(text, INPUTS) == name


@pytest.mark.parametrize(
    "text",
    [
        "${{ vars.ENVIRONMENT }}",
        "${{ matrix.stage }}",
        "${{ needs.plan.outputs.environment }}",
        "${{ github.event.inputs }}",
        "${{ github.ref_name }}",
        "${{ inputs['stage'] }}",
        "${{ inputs.* }}",
        "${{ inputs.stage.name }}",
        "${{ inputs.stage && 'prod' || 'dev' }}",
        "${{ inputs.stage == 'dev' || 'prod' }}",
        "${{ format('{0}', inputs.stage) }}",
        "${{ inputs.stage || vars.ENVIRONMENT }}",
        "${{ inputs.stage || }}",
        "${{ || 'x' }}",
        "${{ inputs.stage 'x' }}",
        "${{ 'it's' }}",
        "${{ }}",
        "${{ inputs.stage",
        "${{ inputs.stage }} and ${{ inputs.stage",
        "${{ inputs.stage }} and ${{ vars.OTHER }}",
        "${{ 'open }}",
        "${{" * 100_000,
    ],
    ids=lambda text: text[:60],
)
def test_what_only_github_can_tell_is_not_guessed(text):
    assert resolve(text, INPUTS) is None
