package dev.shadowcat;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows between the rooms of core: session → persist → store → event; observe → event; mcp, sse and memory are leaves. */
@AnalyzeClasses(packages = "dev.shadowcat", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule arrows = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true) // a room may be empty, but what is in it keeps the arrows
            .layer("session")
            .definedBy("dev.shadowcat.session..")
            .layer("persist")
            .definedBy("dev.shadowcat.persist..")
            .layer("store")
            .definedBy("dev.shadowcat.store..")
            .layer("event")
            .definedBy("dev.shadowcat.event..")
            .layer("mcp")
            .definedBy("dev.shadowcat.mcp..")
            .layer("sse")
            .definedBy("dev.shadowcat.sse..")
            .layer("observe")
            .definedBy("dev.shadowcat.observe..")
            .layer("memory")
            .definedBy("dev.shadowcat.memory..")
            .whereLayer("persist")
            .mayOnlyAccessLayers("store", "event", "observe", "memory")
            .whereLayer("store")
            .mayOnlyAccessLayers("event", "memory")
            .whereLayer("event")
            .mayOnlyAccessLayers("memory")
            .whereLayer("mcp")
            .mayNotAccessAnyLayer()
            .whereLayer("sse")
            .mayNotAccessAnyLayer()
            .whereLayer("observe")
            .mayOnlyAccessLayers("event", "memory")
            .whereLayer("memory")
            .mayNotAccessAnyLayer();

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.shadowcat.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule everyClassHasARoom = classes()
            .should()
            .resideInAnyPackage(
                    "dev.shadowcat.session..",
                    "dev.shadowcat.persist..",
                    "dev.shadowcat.store..",
                    "dev.shadowcat.event..",
                    "dev.shadowcat.mcp..",
                    "dev.shadowcat.sse..",
                    "dev.shadowcat.observe..",
                    "dev.shadowcat.memory..");

    @ArchTest
    static final ArchRule noRoomForWhateverIsLeft =
            noClasses().should().resideInAnyPackage("..util..", "..utils..", "..common..", "..misc..", "..helper..");

    @ArchTest
    static final ArchRule coreIsEmbeddable = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "org.rocksdb..", "java.sql..", "com.sun.net.httpserver..");
}
