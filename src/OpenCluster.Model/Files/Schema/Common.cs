using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;

namespace OpenCluster.Model.Files.Schema;

/// <summary>Shapes and keys that several sections use.</summary>
internal static class Common
{
    public static readonly TextShape Text = new("a text", Texts.NotText);
    public static readonly TextShape AnyText = new("a text", _ => null);
    public static readonly TextShape Name = new("a name", Texts.NotAName);
    public static readonly TextShape Location = new("a location", Texts.NotALocation);
    public static readonly TextShape Directory = new("a path below the release's directory", Texts.NotBelow);
    public static readonly TextShape File = new("an absolute path", Texts.NotAFile);
    public static readonly TextShape Command = new("a command for /bin/sh", Texts.NotText);
    public static readonly WholeShape PortNumber = new(1, 65_535, "a port number");
    public static readonly ListShape<string> Tags = new("tags", new TextShape("a tag", Texts.NotATag));
    public static readonly ListShape<string> SecretNames = new("secrets", new TextShape("the name of a secret", Texts.NotAName));

    public static readonly OptionalKey<string> RenamedFrom = new("renamed-from", Name,
        "The name it had before, so that it stays the same object and nothing restarts. May be taken out after the next apply.");

    public static readonly Key<string> Description = new("description", AnyText, "What it is, for people.", "") { UsualWords = "none" };

    public static TextShape Named(string words) => new(words, Texts.NotAName);

    public static ListShape<string> Names(string items, string each) => new(items, Named(each));

    public static DurationShape Duration(string least, string most) => new(Span(least), Span(most));

    public static SizeShape Size(string least, string most) => new(Bytes(least), Bytes(most));

    public static ImmutableSortedDictionary<string, string> NoTexts => ImmutableSortedDictionary<string, string>.Empty;

    private static TimeSpan Span(string text) => Durations.TryParse(text, out var span) ? span : throw new ArgumentException(text, nameof(text));

    private static long Bytes(string text) => Sizes.TryParse(text, out var bytes) ? bytes : throw new ArgumentException(text, nameof(text));
}
