using System.Collections;
using System.Reflection;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Cluster.Tests.Options;

/// <summary>No option is forgotten: what the engine has is in a job of <see cref="OptionJobs"/>, or is refused.</summary>
public sealed class OptionCoverageTests
{
    private const string Begin = "<!-- options on a cluster: generated -->", End = "<!-- end of the options -->";

    /// <summary>Options of the library alone: no specification has them.</summary>
    private static readonly string[] NotInSpecifications = [nameof(AttentionOptions.SpanRows)];

    private static readonly IReadOnlyList<FileJobSpecification> Jobs =
        [.. OptionJobs.All.Select(job => job.Specification("/folder", "job")), .. OptionJobs.Refused.Select(refused => refused.Ask(Plain))];

    private static FileJobSpecification Plain => new() { Inputs = TensorPaths.InOneFile("/in.safetensors"), Output = "/out.safetensors" };

    [Fact]
    public void Every_member_of_a_specification_is_in_a_job() =>
        Assert.All(SpecificationMembers.All, member => Assert.True(
            Jobs.Any(job => member.Write(job) is not null), $"No job of {nameof(OptionJobs)} has '{member.Name}': add a line for it."));

    [Fact]
    public void Every_optional_tensor_is_in_a_job() =>
        Assert.All(OptionalTensors.All, name => Assert.True(
            OptionJobs.All.Any(job => job.Tensors.Any(tensor => tensor.Name == name)),
            $"No job of {nameof(OptionJobs)} has a tensor '{name}': add a line for it."));

    [Fact]
    public void Every_option_of_the_library_has_a_value_of_its_own_in_a_job()
    {
        Check(typeof(AttentionOptions), [.. Jobs.Select(job => job.Options)], new AttentionOptions());
        Check(typeof(FileJobSpecification), [.. Jobs.Where(job => job.Output != Plain.Output)], Plain);
    }

    [Fact]
    public void Every_element_type_goes_in_and_comes_out() => Assert.All(Enum.GetValues<ElementType>(), type =>
    {
        Assert.Contains(OptionJobs.All, job => job.Type == type);
        Assert.Contains(Jobs, job => job.OutputType == type);
    });

    [Fact]
    public void The_published_table_has_these_lines()
    {
        string table = string.Join('\n',
            ["| option | on a cluster |", "|---|---|", .. OptionJobs.All.Select(job => $"| {job.Shows} | same bytes |"),
                .. OptionJobs.Refused.Select(refused => $"| {refused.Option} | refused: {refused.Says} |")]);
        string path = Path.Combine(Root(), "docs", "cluster.md"), page = File.ReadAllText(path);
        int from = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, to = page.IndexOf(End, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("WRITE_OPTION_TABLE") == "1")
            File.WriteAllText(path, $"{page[..from]}\n{table}\n{page[to..]}");
        else
            Assert.True(page[from..to].Trim() == table, $"docs/cluster.md has another table than {nameof(OptionJobs)} (WRITE_OPTION_TABLE=1 writes it):\n{table}");
    }

    /// <summary>Each property differs from its default in some job, each value of an enumeration is there, and so on inside it.</summary>
    private static void Check(Type type, IReadOnlyList<object> jobs, object? standard)
    {
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(Counts))
        {
            object[] values = [.. jobs.Select(job => property.GetValue(job)).OfType<object>()];
            object? usual = standard is null ? null : property.GetValue(standard);
            string name = $"{type.Name}.{property.Name}";
            Assert.True(values.Any(value => !value.Equals(usual)), $"No job of {nameof(OptionJobs)} sets {name}: add a line for it.");
            Type of = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (of.IsEnum)
                Assert.All(Enum.GetValues(of).Cast<object>(), value => Assert.True(values.Contains(value), $"No job of {nameof(OptionJobs)} has {name} = {value}."));
            else if (IsOurs(of) && of != typeof(AttentionOptions))
                Check(of, values, null);
        }
    }

    private static bool Counts(PropertyInfo property) => property.CanWrite && !NotInSpecifications.Contains(property.Name);

    private static bool IsOurs(Type type) =>
        type.Namespace?.StartsWith("Distributed", StringComparison.Ordinal) == true && !typeof(IEnumerable).IsAssignableFrom(type);

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
            folder = folder.Parent;
        return folder!.FullName;
    }
}
