using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace OpenCluster.CommandLine;

/// <summary>
/// Where verbs write. Results go to standard output, everything said about them to standard error, so that a pipe gets only
/// results. Colours only on a terminal, and not when NO_COLOR is set. With <c>--json</c> a failure is a result, too: JSON on standard output.
/// </summary>
internal sealed class Screen(ParseResult parsed)
{
    private readonly IAnsiConsole _out = Console(System.Console.Out, System.Console.IsOutputRedirected);
    private readonly IAnsiConsole _err = Console(System.Console.Error, System.Console.IsErrorRedirected);

    /// <summary>True when a person is looking at standard output.</summary>
    public bool IsTerminal { get; } = !System.Console.IsOutputRedirected;

    /// <summary>The console of standard output, for displays redrawn in place.</summary>
    public IAnsiConsole Ansi => _out;

    public void Line(string text = "") => _out.WriteLine(text);

    /// <summary>A line with markup; values in it must have gone through <see cref="Plain"/>.</summary>
    public void Markup(string markup) => _out.MarkupLine(markup);

    /// <summary>Something said beside the result.</summary>
    public void Say(string markup) => _err.MarkupLine(markup);

    /// <param name="code">For programs; see <see cref="FailureView"/>.</param>
    /// <param name="further">All mistakes of a file, one a line.</param>
    public void Error(string code, string text, ImmutableArray<string> further = default)
    {
        var lines = further.IsDefault ? [] : further;
        Error(text);
        foreach (var line in lines) Say(Plain($"  {line}"));
        if (parsed.GetValue(ClientVerb.Json)) Json(new FailureView(new(code, text, lines)), FailureJson.Default.FailureView);
    }

    public void Error(string code, IReadOnlyList<string> mistakes)
    {
        foreach (var mistake in mistakes) Error(mistake);
        if (parsed.GetValue(ClientVerb.Json)) Json(new FailureView(new(code, mistakes[0], [.. mistakes])), FailureJson.Default.FailureView);
    }

    private void Error(string text)
    {
        _err.Markup("[red]error:[/] ");
        _err.WriteLine(text);
    }

    public static string Plain(string? text) => Spectre.Console.Markup.Escape(text ?? "");

    /// <summary>One JSON value on one line.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type) => System.Console.Out.WriteLine(JsonSerializer.Serialize(value, type));

    /// <summary>Rows of markup under headings. Says <paramref name="none"/> when there are none.</summary>
    public void Table(string[] headings, IEnumerable<string[]> rows, string none)
    {
        var table = Grid(headings, rows);
        if (table.Rows.Count == 0) Say($"[grey]{Plain(none)}[/]");
        else _out.Write(table);
    }

    /// <summary>A table without lines, to write or to redraw. A heading that starts with '>' makes a column of figures, aligned to the right.</summary>
    public static Table Grid(string[] headings, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var heading in headings)
        {
            var column = new TableColumn($"[grey]{heading.TrimStart('>').ToUpperInvariant()}[/]").NoWrap().PadRight(2);
            table.AddColumn(heading.StartsWith('>') ? column.RightAligned() : column);
        }

        foreach (var row in rows) table.AddRow(row);
        return table;
    }

    /// <summary>Asks a person yes or no; without a terminal the answer is no.</summary>
    public bool Confirm(string question)
    {
        if (System.Console.IsInputRedirected) return false;
        _err.Markup($"{Plain(question)} [grey](y/N)[/] ");
        return System.Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static IAnsiConsole Console(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        // A pipe has no width; wrapping there would break what reads it.
        if (redirected) console.Profile.Width = 4000;
        console.Profile.Encoding = Encoding.UTF8;
        return console;
    }
}
