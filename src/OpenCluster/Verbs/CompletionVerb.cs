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
            "source <(opencluster completion bash)", "source <(opencluster completion zsh)", "opencluster completion fish > ~/.config/fish/completions/opencluster.fish"));
        Shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        command.Arguments.Add(Shell);
        command.SetAction(parsed =>
        {
            Console.Out.Write(Script(parsed.GetRequiredValue(Shell)));
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>
    /// Each takes the words of this command alone (the line may hold a pipe before it), calls it as it was typed (./opencluster too),
    /// offers options only to who has begun one, and files where the executable has nothing to offer.
    /// </summary>
    private static string Script(string shell) => shell switch
    {
        "bash" => """
            _opencluster() {
                local word=${COMP_WORDS[COMP_CWORD]} line="opencluster ${COMP_WORDS[*]:1:COMP_CWORD}"
                mapfile -t COMPREPLY < <("${COMP_WORDS[0]/#\~/$HOME}" "[suggest:${#line}]" "$line" 2>/dev/null | if [[ $word == -* ]]; then cat; else grep -v '^-'; fi)
            }
            complete -o default -F _opencluster opencluster

            """,
        "zsh" => """
            (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
            _opencluster() {
                local line="opencluster ${(j: :)words[2,CURRENT]}"
                local -a found
                found=("${(@f)$("${~words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
                [[ ${words[CURRENT]} == -* ]] || found=("${(@)found:#-*}")
                found=("${(@)found:#}")
                if (( ${#found} )); then compadd -a found; else _files; fi
            }
            compdef _opencluster opencluster

            """,
        _ => """
            function __opencluster_complete
                set -l words (commandline -opc) (commandline -ct)
                set -l line (string join -- ' ' opencluster $words[2..-1])
                set -l found (eval $words[1] (string escape "[suggest:"(string length -- $line)"]" $line) 2>/dev/null)
                string match -q -- '-*' $words[-1]; or set found (string match -v -- '-*' $found)
                if set -q found[1]
                    printf '%s\n' $found
                else
                    __fish_complete_path $words[-1]
                end
            end
            complete -c opencluster -f -a '(__opencluster_complete)'

            """,
    };
}
