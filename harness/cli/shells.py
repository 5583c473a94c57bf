"""The shells that complete `harness`: click's own, names with spaces in bash, and PowerShell."""

from __future__ import annotations

import os
import re

from click import shell_completion as of_click

VARIABLE = "_HARNESS_COMPLETE"
"""Set by a shell that asks; click answers in place of the command."""

# PowerShell reads a program's output in the console's code page unless told UTF-8, hence the change and its undoing.
# Words come and go as lines: names hold spaces, and PowerShell has no other separator that no name has.
# A word of other letters is put into single quotes, in which only a quote itself has to be doubled.
_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $before = $commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object {
        if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { "$_" }
    }
    $encoding = [Console]::OutputEncoding
    [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
    $env:COMP_WORDS = $before -join "`n"
    $env:COMP_CWORD = $wordToComplete
    $env:%(complete_var)s = 'powershell_complete'
    %(prog_name)s | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        if (-not $value) { return }
        $word = if ($value -match '^[\\w./:=+-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($word, $value, 'ParameterValue', $help)
    }
    Remove-Item Env:COMP_WORDS, Env:COMP_CWORD, Env:%(complete_var)s -ErrorAction SilentlyContinue
    [Console]::OutputEncoding = $encoding
}
"""


@of_click.add_completion_class
class Bash(of_click.BashComplete):
    """Escapes what bash would split or expand: its script passes a value through `read`, which takes one level away."""

    def format_completion(self, item: of_click.CompletionItem) -> str:
        value = re.sub(r"([^\w@%+=:,./~-])", r"\\\\\1", item.value)
        return f"{item.type},{value}"


@of_click.add_completion_class
class PowerShell(of_click.ShellComplete):
    """Words before the cursor come one a line, and so do answers; where there are none PowerShell offers files."""

    name = "powershell"
    source_template = _POWERSHELL

    def get_completion_args(self) -> tuple[list[str], str]:
        words = os.environ["COMP_WORDS"].split("\n")
        return words[1:], os.environ.get("COMP_CWORD", "").strip("'")  # PowerShell sets no variable to nothing

    def format_completion(self, item: of_click.CompletionItem) -> str:
        return f"{item.value}\t{item.help or item.value}" if item.type == "plain" else ""


# By click's own names, as `$_HARNESS_COMPLETE` says them: `zsh_source`, `powershell_complete`.
SHELLS: dict[str, type[of_click.ShellComplete]] = {
    shell.name: shell for shell in (Bash, of_click.ZshComplete, of_click.FishComplete, PowerShell)
}
