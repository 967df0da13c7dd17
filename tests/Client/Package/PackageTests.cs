using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;

namespace Distributed.Client.Tests.Package;

/// <summary>The client as a package: what is in it, and a program of somebody else's that uses it.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly string _folder = Directory.CreateTempSubdirectory("package-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_holds_the_client_with_its_documentation_and_serves_a_program_that_has_nothing_else()
    {
        // Packed from what was built with these tests: artifacts/bin/Client.Tests/CONFIGURATION.
        var built = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        string artifacts = built.Parent!.Parent!.Parent!.FullName;
        await DotnetAsync("pack", Path.Combine(Root(), "src", "Client"), "--no-build", "-c", built.Name, "--artifacts-path", artifacts, "-o", _folder, "--disable-build-servers");
        string package = Assert.Single(Directory.GetFiles(_folder, "Distributed.Client.*.nupkg"));

        using (ZipArchive files = ZipFile.OpenRead(package))
        {
            string[] names = [.. files.Entries.Select(entry => entry.FullName)];
            Assert.Contains("README.md", names);
            Assert.Equal(["lib/net10.0/Distributed.Client.dll", "lib/net10.0/Distributed.Client.xml"], names.Where(name => name.StartsWith("lib/", StringComparison.Ordinal)).Order());
            using Stream documentation = files.GetEntry("lib/net10.0/Distributed.Client.xml")!.Open();
            Assert.Contains("M:Distributed.Client.SiloClient.SubmitAsync", new StreamReader(documentation).ReadToEnd(), StringComparison.Ordinal);
            using Stream description = files.GetEntry("Distributed.Client.nuspec")!.Open();
            XElement[] said = [.. XDocument.Load(description).Descendants()];
            Assert.DoesNotContain(said, element => element.Name.LocalName == "dependency");
            Assert.Equal("README.md", said.Single(element => element.Name.LocalName == "readme").Value);
        }

        Assert.Equal("no silo answered\n", await UseAsync());
    }

    /// <summary>Makes a project that takes the package from the folder and nothing from anywhere else, and runs it.</summary>
    private async Task<string> UseAsync()
    {
        string project = Directory.CreateDirectory(Path.Combine(_folder, "user")).FullName;
        await File.WriteAllTextAsync(Path.Combine(project, "nuget.config"),
            $"""<configuration><packageSources><clear /><add key="here" value="{_folder}" /></packageSources><packageSourceMapping><clear /></packageSourceMapping></configuration>""");
        await File.WriteAllTextAsync(Path.Combine(project, "user.csproj"),
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <UseAppHost>false</UseAppHost>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Distributed.Client" Version="*" />
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(project, "Program.cs"),
            """
            using Distributed.Client;

            using var client = new SiloClient(new SiloClientOptions { Silos = [new Uri("http://127.0.0.1:1")], Patience = TimeSpan.Zero });
            try
            {
                await client.FindAsync(StoredKind.Tensors, "qkv");
            }
            catch (SiloException none) when (none.Status is null)
            {
                Console.WriteLine("no silo answered");
            }
            """);
        await DotnetAsync("build", project, "-o", Path.Combine(project, "out"), "-p:RestorePackagesPath=" + Path.Combine(_folder, "packages"), "--disable-build-servers");
        return await DotnetAsync(Path.Combine(project, "out", "user.dll"));
    }

    private static async Task<string> DotnetAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        using Process process = Process.Start(start)!;
        using var late = new CancellationTokenSource(Patience);
        try
        {
            Task<string> said = process.StandardOutput.ReadToEndAsync(late.Token), complained = process.StandardError.ReadToEndAsync(late.Token);
            await process.WaitForExitAsync(late.Token);
            Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}: {await said}{await complained}");
            return await said;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"Waited {Patience} for dotnet {string.Join(' ', arguments)}.");
        }
    }

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException("The repository's root is not above the tests.");
    }
}
