import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import { Runner } from './runner.js'

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', Runner)]
