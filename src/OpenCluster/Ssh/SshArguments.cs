using System.CommandLine;

namespace OpenCluster.Ssh;

/// <summary>How verbs that reach hosts by ssh are told which, and how.</summary>
internal static class SshArguments
{
    public static readonly Option<FileInfo?> List = new("--list") { Description = "Hosts, one a line: NAME USER@HOST[:PORT] [SHA256:FINGERPRINT]" };
    public static readonly Option<FileInfo?> Identity = new("--identity", "-i") { Description = "Private key to log in with (default: as ssh does)" };
    public static readonly Option<bool> AcceptNew = new("--accept-new-host-keys") { Description = "Believe the key of a host that is met for the first time; without it, it must be known or its fingerprint given" };
    public static readonly Option<FileInfo?> Executable = new("--executable") { Description = "The one file to put there (default: this very program)" };

    /// <summary>Does something with these options, in a directory for ssh's own files that is gone afterwards.</summary>
    /// <param name="many">Nobody can be asked for several hosts at once.</param>
    public static async Task<int> WithAsync(ParseResult parsed, bool many, Func<SshOptions, Task<int>> work)
    {
        var directory = Directory.CreateTempSubdirectory("oc-ssh-");
        try
        {
            return await work(new SshOptions
            {
                IdentityFile = parsed.GetValue(Identity)?.FullName,
                AcceptNewHostKeys = parsed.GetValue(AcceptNew),
                Batch = many || Console.IsInputRedirected,
                Directory = directory.FullName,
            }).ConfigureAwait(false);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <exception cref="FormatException">A line is wrong.</exception>
    public static async Task<IReadOnlyList<SshTarget>> TargetsAsync(FileInfo list, CancellationToken ct) =>
        SshTarget.ParseList(await File.ReadAllTextAsync(list.FullName, ct).ConfigureAwait(false));
}
