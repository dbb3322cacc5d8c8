using System.Collections.Immutable;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OpenCluster.Model.Files.Yaml;

/// <summary>
/// YAML text to nodes with places. Built on the parser's events and not on its representation model, which throws at the first
/// double key and follows aliases without a bound; here both are errors with a place, and reading goes on.
/// </summary>
internal sealed class NodeLoader
{
    private readonly Parser _parser;
    private readonly Action<Position, string, string> _error;
    private readonly Dictionary<string, FileNode> _anchors = new(StringComparer.Ordinal);
    private long _nodes;

    private NodeLoader(string text, Action<Position, string, string> error)
    {
        _parser = new Parser(new StringReader(text));
        _error = error;
    }

    /// <summary>The map a file is; null, with errors reported, when it is none.</summary>
    /// <param name="error">Place, what is wrong, what to write instead.</param>
    public static MapNode? Load(string text, Action<Position, string, string> error)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        if (size > FileLimits.SizeBytes)
        {
            error(Position.None, $"the file has {size:N0} bytes, more than {FileLimits.SizeBytes:N0}", "A cluster file describes, it does not carry data");
            return null;
        }

        try
        {
            return new NodeLoader(text, error).Document();
        }
        catch (TooMuch limit)
        {
            error(limit.At, limit.Message, "");
        }
        catch (YamlException exception)
        {
            error(Place(exception.Start), "this is not YAML: " + Plain(exception.Message), "");
        }
        return null;
    }

    private MapNode? Document()
    {
        Next<StreamStart>();
        if (_parser.Current is StreamEnd)
            return Nothing();

        Next<DocumentStart>();
        var root = Node(1);
        Next<DocumentEnd>();
        if (_parser.Current is DocumentStart second)
            _error(Place(second.Start), "a second document begins here", "Put everything into one, or into two files");

        switch (root)
        {
            case MapNode map:
                return map;
            case ScalarNode { IsNull: true }:
                return Nothing();
            default:
                _error(root.At, $"a cluster file is a map of keys, this is {root.Words}", "Begin with \"cluster: NAME\"");
                return null;
        }
    }

    private MapNode? Nothing()
    {
        _error(new Position(1, 1), "the file is empty", "Begin with \"cluster: NAME\"");
        return null;
    }

    /// <summary>Moves to the first event, or from the expected event to the one after it.</summary>
    private void Next<T>() where T : ParsingEvent
    {
        if (_parser.Current is null)
            Advance();
        if (_parser.Current is not T)
            throw new SemanticErrorException(_parser.Current?.Start ?? Mark.Empty, _parser.Current?.End ?? Mark.Empty, "unexpected end");
        Advance();
    }

    private FileNode Node(int depth)
    {
        var parsed = _parser.Current!;
        var at = Place(parsed.Start);
        if (depth > FileLimits.Depth)
            throw new TooMuch(at, $"more than {FileLimits.Depth} maps and lists inside each other");
        if (++_nodes > FileLimits.Nodes)
            throw new TooMuch(at, $"more than {FileLimits.Nodes:N0} values");

        if (parsed is AnchorAlias alias)
            return Alias(alias, at, depth);

        if (parsed is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag } && !tag.Value.StartsWith("tag:yaml.org,2002:", StringComparison.Ordinal))
            _error(at, $"tags have no meaning here: {tag.Value}", "Leave it out");

        FileNode node = parsed switch
        {
            Scalar scalar => new ScalarNode(at, scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart => new ListNode(at, Items(depth)),
            MappingStart => new MapNode(at, Entries(depth)),
            _ => throw new SemanticErrorException(parsed.Start, parsed.End, "a value was expected"),
        };
        Advance();

        // Known only from here on, so a node cannot hold itself.
        if (parsed is NodeEvent { Anchor: { IsEmpty: false } anchor })
            _anchors[anchor.Value] = node;
        return node;
    }

    private FileNode Alias(AnchorAlias alias, Position at, int depth)
    {
        Advance();
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            _error(at, $"\"*{alias.Value.Value}\" stands for nothing above it", DidYouMean.Hint(alias.Value.Value, _anchors.Keys));
            return new ScalarNode(at, "", quoted: false);
        }
        _nodes += node.Size;
        if (_nodes > FileLimits.Nodes)
            throw new TooMuch(at, $"more than {FileLimits.Nodes:N0} values once aliases are followed");
        if (depth + node.Depth > FileLimits.Depth)
            throw new TooMuch(at, $"more than {FileLimits.Depth} maps and lists inside each other once aliases are followed");
        return node;
    }

    private ImmutableArray<FileNode> Items(int depth)
    {
        Advance();
        var items = ImmutableArray.CreateBuilder<FileNode>();
        while (_parser.Current is not SequenceEnd)
            items.Add(Node(depth + 1));
        return items.ToImmutable();
    }

    private ImmutableArray<MapEntry> Entries(int depth)
    {
        Advance();
        var entries = ImmutableArray.CreateBuilder<MapEntry>();
        var first = new Dictionary<string, Position>(StringComparer.Ordinal);
        while (_parser.Current is not MappingEnd)
        {
            var key = Node(depth + 1);
            var value = Node(depth + 1);
            if (key is not ScalarNode { Text: var name })
                _error(key.At, $"a key is a single word, this is {key.Words}", "");
            else if (!first.TryAdd(name, key.At))
                _error(key.At, $"\"{name}\" is here twice, first in line {first[name].Line}", "Keep one of them");
            else
                entries.Add(new MapEntry(name, key.At, value));
        }
        return entries.ToImmutable();
    }

    private void Advance()
    {
        try
        {
            _parser.MoveNext();
        }
        catch (InvalidOperationException)
        {
            // The library's scanner trips over some plain texts between braces, such as "{a:b: c}", instead of saying so.
            var near = _parser.Current?.End ?? Mark.Empty;
            throw new SyntaxErrorException(near, near, "a text between braces or brackets is broken near here; put quotes around it");
        }
    }

    private static Position Place(Mark mark) => new((int)mark.Line, (int)mark.Column);

    /// <summary>The parser's own message without the place it puts in front.</summary>
    private static string Plain(string message)
    {
        var start = message.LastIndexOf("): ", StringComparison.Ordinal);
        var plain = (start < 0 ? message : message[(start + 3)..]).TrimEnd('.');
        return plain.Length == 0 ? plain : char.ToLowerInvariant(plain[0]) + plain[1..];
    }

    /// <summary>A limit of <see cref="FileLimits"/> is passed; nothing below can be read. Does not leave this file.</summary>
    private sealed class TooMuch(Position at, string message) : Exception(message)
    {
        public Position At { get; } = at;
    }
}
