using System.Text;

namespace OpenCluster.CommandLine;

/// <summary>What must not stand on a command line, where every process on the machine can read it: asked without showing it, or read from standard input.</summary>
internal static class SecretInput
{
    /// <param name="what">For the question: "Password".</param>
    /// <param name="twice">Asks again, and for the same.</param>
    /// <exception cref="IOException">Nothing was given, or the two differ.</exception>
    public static async Task<string> ReadAsync(string what, bool twice, CancellationToken ct)
    {
        if (Console.IsInputRedirected)
        {
            var given = (await Console.In.ReadToEndAsync(ct).ConfigureAwait(false)).TrimEnd('\r', '\n');
            return given.Length > 0 ? given : throw new IOException($"{what}: standard input is empty.");
        }

        var first = Ask(what);
        if (twice && Ask($"{what} again") != first) throw new IOException("The two are not the same. Nothing was changed.");
        return first.Length > 0 ? first : throw new IOException($"{what}: nothing was given.");
    }

    private static string Ask(string what)
    {
        Console.Error.Write($"{what}: ");
        var typed = new StringBuilder();
        while (true)
        {
            var key = Console.ReadKey(intercept: true);
            switch (key.Key)
            {
                case ConsoleKey.Enter:
                    Console.Error.WriteLine();
                    return typed.ToString();
                case ConsoleKey.Backspace:
                    if (typed.Length > 0) typed.Length--;
                    break;
                default:
                    if (!char.IsControl(key.KeyChar)) typed.Append(key.KeyChar);
                    break;
            }
        }
    }
}
