using System.Text;
using OpenCluster.Data.Execution;
using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Commands;

/// <summary>ACL: who somebody is. Users are not changed by clients, and nobody sees those of another space.</summary>
internal static class Acl
{
    public static IEnumerable<Command> Commands =>
    [
        new("acl", -2, CommandFlags.Fast, KeyRange.None, Subcommand.Choose("acl",
            new("whoami", 2, call => call.Reply.Bulk(call.Session.User!.Name)),
            new("users", 2, call => Names(call, user => user.Name)),
            new("list", 2, call => Names(call, Rules)),
            new("getuser", 3, GetUser),
            new("setuser", -3, Refuse),
            new("deluser", -3, Refuse))),
    ];

    private static IEnumerable<User> Visible(Call call) => call.Executor.Spaces.Users.Where(u => u.Space == call.Space.Name);

    private static string Commanded(User user) => user switch
    {
        { IsReadOnly: true } => "-@all +@read +@connection",
        { IsAdmin: true } => "+@all",
        _ => "+@all -@admin",
    };

    private static string Rules(User user) => $"user {user.Name} on {(user.Digest is null ? "nopass" : "#" + user.Digest[..8] + "…")} ~* &* {Commanded(user)}";

    private static void Names(Call call, Func<User, string> what)
    {
        var users = Visible(call).ToList();
        call.Reply.Array(users.Count);
        foreach (var user in users) call.Reply.Bulk(what(user));
    }

    private static void GetUser(Call call)
    {
        var name = Encoding.UTF8.GetString(call[2]);
        if (Visible(call).FirstOrDefault(u => u.Name == name) is not { } user)
        {
            call.Reply.Null();
            return;
        }
        call.Reply.Map(4);
        call.Reply.Bulk("flags"u8);
        call.Reply.Set(user.Digest is null ? 2 : 1);
        call.Reply.Bulk("on"u8);
        if (user.Digest is null) call.Reply.Bulk("nopass"u8);
        call.Reply.Bulk("commands"u8);
        call.Reply.Bulk(Commanded(user));
        call.Reply.Bulk("keys"u8);
        call.Reply.Bulk("~*"u8);
        call.Reply.Bulk("channels"u8);
        call.Reply.Bulk("&*"u8);
    }

    private static void Refuse(Call call) => call.Reply.Error("ERR users are not changed by clients of this server"u8);
}
