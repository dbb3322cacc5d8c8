namespace OpenCluster.Model.Files;

/// <summary>One mistake in a cluster file, for a person: where it is, what is wrong, and what to write instead.</summary>
/// <param name="File">The name the file was read under.</param>
/// <param name="Path">The field at fault in dots, <c>services.api.instances</c>; empty for the file as a whole.</param>
/// <param name="What">What is wrong, a sentence without its final stop. Never holds a credential.</param>
/// <param name="Instead">What to write, a sentence without its final stop; empty when <paramref name="What"/> says it all.</param>
public sealed record FileError(string File, Position At, string Path, string What, string Instead)
{
    /// <summary><c>cluster.yaml:12:5: services.api: unknown key "instnces". Did you mean "instances"?</c></summary>
    public override string ToString()
    {
        var where = At.Line == 0 ? File : $"{File}:{At.Line}:{At.Column}";
        var subject = Path.Length == 0 ? "" : Path + ": ";
        return $"{where}: {subject}{Sentence(What)}{(Instead.Length == 0 ? "" : " " + Sentence(Instead))}";
    }

    private static string Sentence(string text) => text.EndsWith('?') ? text : text + ".";
}
