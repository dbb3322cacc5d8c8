using System.CommandLine;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs;

/// <summary><c>opencluster completion SHELL</c>: a script that asks the executable itself, so it never goes stale.</summary>
internal static class CompletionVerb
{
    private static readonly Argument<string> Shell = new("SHELL") { Description = "bash, zsh or fish" };

    public static Command Create()
    {
        var command = new Command("completion", ClientVerb.WithExamples(
            "Print a completion script for your shell.",
            "source <(opencluster completion bash)", "opencluster completion fish > ~/.config/fish/completions/opencluster.fish"));
        Shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        command.Arguments.Add(Shell);
        command.SetAction(parsed =>
        {
            Console.Out.Write(Script(parsed.GetRequiredValue(Shell)));
            return ExitCode.Done;
        });
        return command;
    }

    private static string Script(string shell) => shell switch
    {
        "bash" => """
            _opencluster() {
                local IFS=$'\n'
                COMPREPLY=($(opencluster "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null))
            }
            complete -o default -F _opencluster opencluster

            """,
        "zsh" => """
            _opencluster() {
                local -a words_found
                words_found=("${(@f)$(opencluster "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
                compadd -a words_found
            }
            compdef _opencluster opencluster

            """,
        _ => """
            complete -c opencluster -f -a '(opencluster "[suggest:"(commandline -C)"]" (commandline -cp) 2>/dev/null)'

            """,
    };
}
