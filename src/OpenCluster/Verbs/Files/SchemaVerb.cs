using System.CommandLine;
using OpenCluster.CommandLine;
using OpenCluster.Model.Files;

namespace OpenCluster.Verbs.Files;

/// <summary><c>opencluster schema</c>: JSON Schema of the cluster file.</summary>
internal static class SchemaVerb
{
    public static Command Create()
    {
        var command = new Command("schema", ClientVerb.WithExamples(
            "Print the JSON Schema of the cluster file, with every key's meaning, for editors.",
            "opencluster schema > opencluster.schema.json",
            "# first line of a cluster file, for editors with a YAML language server:",
            "# yaml-language-server: $schema=opencluster.schema.json"));
        command.SetAction(_ =>
        {
            Console.Out.WriteLine(JsonSchema.Write());
            return ExitCode.Done;
        });
        return command;
    }
}
