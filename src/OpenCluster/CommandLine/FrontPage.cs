using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace OpenCluster.CommandLine;

/// <summary>Verbs that belong together, under a heading of the front page.</summary>
internal sealed record Chapter(string Heading, params Command[] Verbs);

/// <summary>What <c>opencluster</c> and <c>opencluster --help</c> say: every verb on one line, by what a person wants. A verb's own help has the rest.</summary>
internal sealed class FrontPage(Chapter[] chapters) : SynchronousCommandLineAction
{
    private readonly HelpAction _ofVerb = new();

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is not RootCommand root) return _ofVerb.Invoke(parsed);
        var output = parsed.InvocationConfiguration.Output;
        output.WriteLine(root.Description);
        output.WriteLine();
        output.WriteLine("  opencluster demo               see it work, on this machine, in a minute");
        output.WriteLine("  opencluster up cluster.yaml    your own cluster, on this machine");
        output.WriteLine("  opencluster VERB --help        a verb explained, with examples");
        foreach (var chapter in chapters)
        {
            output.WriteLine();
            output.WriteLine(chapter.Heading);
            foreach (var verb in chapter.Verbs) output.WriteLine($"  {Usage(verb),-30} {FirstSentence(verb)}");
        }

        output.WriteLine();
        output.WriteLine("Everywhere: --json answers for programs; --controller URL and --token-file FILE name another cluster than this directory's.");
        return ExitCode.Done;
    }

    private static string Usage(Command verb) => string.Join(' ',
        verb.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $"[{a.Name}]" : a.Name).Prepend(verb.Name));

    private static string FirstSentence(Command verb)
    {
        var text = verb.Description ?? "";
        var end = text.AsSpan().IndexOfAny(":;\n") is var mark and >= 0 ? mark : text.Length;
        return (text.IndexOf(". ", StringComparison.Ordinal) is var stop and >= 0 && stop < end ? text[..stop] : text[..end]).TrimEnd('.');
    }
}
