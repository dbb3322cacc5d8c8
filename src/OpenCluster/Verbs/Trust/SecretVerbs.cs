using System.CommandLine;
using System.Text;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster secret</c>: values of the secrets that the cluster file names. They go in, and come out only to what may have them.</summary>
internal static class SecretVerbs
{
    private static readonly Argument<string> Name = new("NAME") { Description = "As under \"secrets\" in the cluster file" };
    private static readonly Option<FileInfo?> File = new("--file") { Description = "Read the value from a file, to the last byte" };
    private static readonly Option<bool> Forget = new("--forget") { Description = "Delete the value before at once, because it is in wrong hands; a roll-out that fails then has nothing to go back to" };
    private static readonly Option<int> Length = new("--length") { Description = "Characters, 16 to 1024, of 6 bits each", DefaultValueFactory = _ => 43 };

    public static Command Create()
    {
        var command = new Command("secret", ClientVerb.WithExamples(
            "Give secrets values, renew and remove them. Services get them as files in memory, in the directory $OPENCLUSTER_SECRETS.",
            "opencluster secret set database-password", "opencluster secret rotate cookie-key", "opencluster secret list"));
        command.Subcommands.Add(ClientVerb.Create("set", "Give a secret a value: asked for, or read from standard input (without the last line's end) or a file.",
            ["opencluster secret set database-password", "opencluster secret set tls-key --file key.pem"], [Name, File, Forget, Files.FileArguments.Why], SetAsync));
        command.Subcommands.Add(ClientVerb.Create("rotate", "Give a secret a random value that nobody has seen.", ["opencluster secret rotate cookie-key"],
            [Name, Length, Forget, Files.FileArguments.Why], RotateAsync));
        command.Subcommands.Add(ClientVerb.Create("list", "List secrets, who may have them and whether they have a value.", ["opencluster secret list"], [], ListAsync));
        command.Subcommands.Add(ClientVerb.Create("remove", "Delete a secret's values. What may have it must be changed first.", ["opencluster secret remove old-key"],
            [Name, Files.FileArguments.Why], async (call, ct) =>
            {
                await call.Api.RemoveSecretAsync(call.Parsed.GetRequiredValue(Name), call.Parsed.GetRequiredValue(Files.FileArguments.Why), ct).ConfigureAwait(false);
                return ExitCode.Done;
            }));
        command.Subcommands.Add(ClientVerb.Create("rotate-key", "Seal every value anew with a new key; nothing that runs notices.", ["opencluster secret rotate-key"],
            [Files.FileArguments.Why], async (call, ct) =>
            {
                await call.Api.RotateSecretKeyAsync(call.Parsed.GetRequiredValue(Files.FileArguments.Why), ct).ConfigureAwait(false);
                return ExitCode.Done;
            }));
        return command;
    }

    private static async Task<int> SetAsync(Call call, CancellationToken ct)
    {
        var name = call.Parsed.GetRequiredValue(Name);
        var value = call.Parsed.GetValue(File) is { } file
            ? await System.IO.File.ReadAllBytesAsync(file.FullName, ct).ConfigureAwait(false)
            : Encoding.UTF8.GetBytes(await SecretInput.ReadAsync($"Value of {name}", twice: true, ct).ConfigureAwait(false));
        var request = new SecretRequest { Value = value, Forget = call.Parsed.GetValue(Forget), Why = call.Parsed.GetRequiredValue(Files.FileArguments.Why) };
        return Tell(call, await call.Api.SetSecretAsync(name, request, ct).ConfigureAwait(false));
    }

    private static async Task<int> RotateAsync(Call call, CancellationToken ct)
    {
        var request = new SecretRotationRequest { Length = call.Parsed.GetValue(Length), Forget = call.Parsed.GetValue(Forget), Why = call.Parsed.GetRequiredValue(Files.FileArguments.Why) };
        return Tell(call, await call.Api.RotateSecretAsync(call.Parsed.GetRequiredValue(Name), request, ct).ConfigureAwait(false));
    }

    private static int Tell(Call call, SecretView secret)
    {
        if (call.Json) call.Screen.Json(secret, ApiJson.Default.SecretView);
        else
            call.Screen.Say($"[green]✓[/] {Screen.Plain(secret.Name)} has its value number {secret.Version}{(secret.UsedBy.IsEmpty ? "; nothing may have it yet" : $", for {Screen.Plain(string.Join(", ", secret.UsedBy))}")}.");
        return ExitCode.Done;
    }

    private static async Task<int> ListAsync(Call call, CancellationToken ct)
    {
        var secrets = await call.Api.SecretsAsync(ct).ConfigureAwait(false);
        if (call.Json) call.Screen.Json(secrets, ApiJson.Default.ImmutableArraySecretView);
        else
        {
            call.Screen.Table(["secret", "state", ">value", "set", "by", "for"],
                secrets.Select(s => (string[])
                [
                    Screen.Plain(s.Name), s.State switch { "set" => "[green]set[/]", "undeclared" => "[grey]not in the file[/]", _ => $"[red]{Screen.Plain(s.State)}[/]" },
                    s.Version == 0 ? "" : $"{s.Version}", s.Set is { } at ? $"{at.ToLocalTime():yyyy-MM-dd HH:mm}" : "", Screen.Plain(s.By), Screen.Plain(string.Join(", ", s.UsedBy)),
                ]), "no secrets: name them under \"secrets\" in the cluster file");
        }

        return ExitCode.Done;
    }
}
