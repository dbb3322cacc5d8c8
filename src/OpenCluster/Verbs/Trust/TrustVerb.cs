using System.CommandLine;
using System.Security.Cryptography;
using OpenCluster.Api;
using OpenCluster.CommandLine;
using OpenCluster.Trust.Certificates;
using OpenCluster.Trust.Files;

namespace OpenCluster.Verbs.Trust;

/// <summary>
/// <c>opencluster trust</c>: the cluster's roots, for those who are to believe them; and on the controller's machine what is done with the
/// root's key. That works on files alone, because a key that can be asked for over a network is not kept apart.
/// </summary>
internal static class TrustVerb
{
    private static readonly Option<DirectoryInfo> Directory = new("--directory") { Description = "The controller's directory", Required = true };
    private static readonly Option<bool> Compromised = new("--compromised") { Description = "The key is in wrong hands: the new root is not vouched for by the old one" };
    private static readonly Argument<FileInfo> Sealed = new("FILE") { Description = "The key, sealed with a passphrase" };

    public static Command Create()
    {
        var command = ClientVerb.Create(
            "trust", "Show the fingerprint of the cluster's root, for `opencluster login` elsewhere.", ["opencluster trust", "opencluster trust --json"], [], ShowAsync);
        command.Subcommands.Add(OnFiles("rotate-root", "Begin to replace the root. It is announced for a week, signs after that, and stands alone another week later; nothing stops meanwhile.",
            "opencluster trust rotate-root --directory /var/lib/opencluster/controller", [Directory, Compromised], (parsed, files, screen, _) =>
            {
                if (files.ReadRoots().Roots.Length > 1) throw new IOException("A rotation is under way: the roots before are still believed. Wait until it is done.");
                files.AddRoot(TimeProvider.System.GetUtcNow(), parsed.GetValue(Compromised));
                screen.Line(files.ReadRoots().Fingerprint);
                screen.Say("[green]✓[/] The new root is announced when the controller next renews its own certificate, at the latest in a day. Until then nothing changes.");
                return Task.CompletedTask;
            }));
        var key = new Command("root-key", "Keep the root's key elsewhere, sealed with a passphrase, and bring it back when it is needed.");
        key.Subcommands.Add(OnFiles("take", "Write the root's key to a file, sealed, and forget it here.", "opencluster trust root-key take root.sealed --directory /var/lib/opencluster/controller",
            [Sealed, Directory], async (parsed, files, screen, ct) =>
            {
                var file = parsed.GetRequiredValue(Sealed).FullName;
                if (File.Exists(file)) throw new IOException($"{file} is there already; name another file.");
                PrivateFile.Write(file, files.TakeRootKeyAway(await SecretInput.ReadAsync("Passphrase", twice: true, ct).ConfigureAwait(false)));
                files.ForgetRootKey();
                screen.Say($"[green]✓[/] The root's key is in {Screen.Plain(file)} alone. Carry it away, and a copy too: without it no new issuing authority can be made.");
            }));
        key.Subcommands.Add(OnFiles("restore", "Bring the root's key back for what needs it.", "opencluster trust root-key restore root.sealed --directory /var/lib/opencluster/controller",
            [Sealed, Directory], async (parsed, files, screen, ct) =>
            {
                var taken = await File.ReadAllTextAsync(parsed.GetRequiredValue(Sealed).FullName, ct).ConfigureAwait(false);
                files.BringRootKeyBack(taken, await SecretInput.ReadAsync("Passphrase", twice: false, ct).ConfigureAwait(false));
                screen.Say("[green]✓[/] The root's key is back. The controller uses it within half a day.");
            }));
        command.Subcommands.Add(key);
        return command;
    }

    private static async Task<int> ShowAsync(Call call, CancellationToken ct)
    {
        var roots = await call.Api.RootsAsync(ct).ConfigureAwait(false);
        if (call.Json) call.Screen.Json(roots, ApiJson.Default.RootsView);
        else
        {
            foreach (var root in RootBundle.Parse(roots.Roots).Roots)
                call.Screen.Markup($"{Fingerprint.Of(root)}  [grey]{Screen.Plain(root.Subject)}, until {Validity.Until(root):yyyy-MM-dd}[/]");
        }

        return ExitCode.Done;
    }

    private static Command OnFiles(string name, string description, string example, Symbol[] takes, Func<ParseResult, AuthorityFiles, Screen, CancellationToken, Task> act)
    {
        var command = new Command(name, ClientVerb.WithExamples(description, example));
        foreach (var argument in takes.OfType<Argument>()) command.Arguments.Add(argument);
        foreach (var option in takes.OfType<Option>()) command.Options.Add(option);
        command.SetAction((parsed, ct) =>
        {
            var screen = new Screen(parsed);
            return ClientVerb.GuardedAsync(screen, async () =>
            {
                try
                {
                    await act(parsed, new AuthorityFiles(Path.Combine(parsed.GetRequiredValue(Directory).FullName, "trust")), screen, ct).ConfigureAwait(false);
                }
                catch (CryptographicException wrong)
                {
                    throw new IOException($"The passphrase is not the one, or a file is damaged: {wrong.Message}", wrong);
                }

                return ExitCode.Done;
            });
        });
        return command;
    }
}
