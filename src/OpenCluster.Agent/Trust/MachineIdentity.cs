using System.Security.Cryptography;
using System.Text;
using OpenCluster.Agent.Processes;
using OpenCluster.Api.Client;

namespace OpenCluster.Agent.Trust;

/// <summary>
/// What tells this machine from a copy of its disk: the id systemd gave it, the hardware's (or virtual machine's) own, and the agent's
/// directory, so that several agents on one machine are several. The boot id tells two running copies apart where all of that is the same.
/// </summary>
internal static class MachineIdentity
{
    /// <summary>machine-id(5); and what the firmware or hypervisor says, readable by root alone.</summary>
    private static readonly string[] Sources = ["/etc/machine-id", "/sys/class/dmi/id/product_uuid", "/sys/class/dmi/id/product_serial"];

    private const int Letters = 32;

    public static MachineMark Read(string agentDirectory)
    {
        var said = string.Join('\n', Sources.Select(Content).Append(agentDirectory));
        return new MachineMark(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(said)))[..Letters], ProcFs.BootId);
    }

    private static string Content(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception lacking) when (lacking is IOException or UnauthorizedAccessException)
        {
            // Not every machine has each.
            return "";
        }
    }
}
