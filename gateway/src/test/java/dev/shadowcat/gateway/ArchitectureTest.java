package dev.shadowcat.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows between the gateway's rooms. */
@AnalyzeClasses(packages = "dev.shadowcat.gateway", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule CARRIERS_DO_NOT_KNOW_THE_RELAY = noClasses()
            .that()
            .resideInAnyPackage("..gateway.http..", "..gateway.upstream..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("..gateway.relay..", "..gateway.cli..", "..gateway.admin..", "..gateway.demo..");

    @ArchTest
    static final ArchRule LISTENER_AND_CLIENT_DO_NOT_KNOW_EACH_OTHER = noClasses()
            .that()
            .resideInAPackage("..gateway.http..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..gateway.upstream..");

    @ArchTest
    static final ArchRule RELAY_DOES_NOT_KNOW_WHO_STARTS_IT = noClasses()
            .that()
            .resideInAPackage("..gateway.relay..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("..gateway.cli..", "..gateway.admin..", "..gateway.demo..");

    @ArchTest
    static final ArchRule CONFIGURATION_IS_A_LEAF = noClasses()
            .that()
            .resideInAPackage("..gateway.config..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "..gateway.http..",
                    "..gateway.upstream..",
                    "..gateway.relay..",
                    "..gateway.telemetry..",
                    "..gateway.admin..",
                    "..gateway.demo..",
                    "..gateway.cli..");

    @ArchTest
    static final ArchRule NOBODY_DEPENDS_ON_THE_COMMAND_LINE = noClasses()
            .that()
            .resideOutsideOfPackage("..gateway.cli..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("..gateway.cli..");

    @ArchTest
    static final ArchRule NO_ROOM_FOR_ODDS_AND_ENDS =
            classes().should().resideOutsideOfPackages("..util..", "..common..", "..misc..");
}
