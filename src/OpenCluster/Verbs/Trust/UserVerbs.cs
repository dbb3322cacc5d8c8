using System.Collections.Immutable;
using System.CommandLine;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.CommandLine;

namespace OpenCluster.Verbs.Trust;

/// <summary><c>opencluster user</c>: who may do what.</summary>
internal static class UserVerbs
{
    private static readonly Argument<string> Name = new("NAME") { Description = "Lower-case letters, digits, dots and hyphens" };
    private static readonly Option<TokenRole> Role = new("--role") { Description = "In the whole cluster: read, deploy or admin", DefaultValueFactory = _ => TokenRole.Read };
    private static readonly Option<string[]> Zones = new("--zone") { Description = "More in a zone: ZONE=ROLE; may be given several times" };
    private static readonly Option<bool> Keep = new("--keep-password") { Description = "Only change roles" };

    public static Command Create()
    {
        var command = new Command("user", ClientVerb.WithExamples(
            "Add, change, list and remove users. Passwords are asked for, or read from standard input.",
            "opencluster user set ann --role deploy", "opencluster user set bob --zone development=deploy", "opencluster user remove bob"));
        command.Subcommands.Add(ClientVerb.Create("set", "Add a user or change one; asks for the password.", ["opencluster user set ann --role deploy"],
            [Name, Role, Zones, Keep, Files.FileArguments.Why], SetAsync));
        command.Subcommands.Add(ClientVerb.Create("list", "List users and their roles.", ["opencluster user list"], [], ListAsync));
        command.Subcommands.Add(ClientVerb.Create("remove", "Remove a user; all their sessions end at once.", ["opencluster user remove bob"], [Name], async (call, ct) =>
        {
            await call.Api.DeleteUserAsync(call.Parsed.GetRequiredValue(Name), ct).ConfigureAwait(false);
            return ExitCode.Done;
        }));
        return command;
    }

    private static async Task<int> SetAsync(Call call, CancellationToken ct)
    {
        var name = call.Parsed.GetRequiredValue(Name);
        var request = new UserRequest
        {
            Role = call.Parsed.GetValue(Role),
            Zones = (call.Parsed.GetValue(Zones) ?? []).ToImmutableSortedDictionary(z => z.Split('=')[0], RoleOf, StringComparer.Ordinal),
            Password = call.Parsed.GetValue(Keep) ? null : await SecretInput.ReadAsync($"Password of {name}", twice: true, ct).ConfigureAwait(false),
            Why = call.Parsed.GetRequiredValue(Files.FileArguments.Why),
        };
        await call.Api.PutUserAsync(name, request, ct).ConfigureAwait(false);
        return ExitCode.Done;
    }

    private static async Task<int> ListAsync(Call call, CancellationToken ct)
    {
        var users = await call.Api.UsersAsync(ct).ConfigureAwait(false);
        if (call.Json) call.Screen.Json(users, ApiJson.Default.ImmutableArrayUserView);
        else
        {
            call.Screen.Table(["user", "role", "zones", ">sessions", "since"],
                users.Select(u => (string[])
                [
                    Screen.Plain(u.Name), Lower(u.Role), Screen.Plain(string.Join(", ", u.Zones.Select(z => $"{z.Key}={Lower(z.Value)}"))), $"{u.Sessions}", $"{u.Created.ToLocalTime():yyyy-MM-dd}",
                ]), "no users yet: `opencluster user set NAME --role admin` adds one");
        }

        return ExitCode.Done;
    }

    private static TokenRole RoleOf(string zone) => zone.Split('=') is [_, var role] && Enum.TryParse<TokenRole>(role, ignoreCase: true, out var known)
        ? known
        : throw new FormatException($"\"{zone}\" is not ZONE=ROLE, such as development=deploy.");

    private static string Lower(TokenRole role) => role.ToString().ToLowerInvariant();
}
